"""`segue suppress import` and `segue campaigns check-domain`."""

import contextlib

import pytest

from segue.adapters.channels.name_server import NameServer
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Channel, Suppression
from segue.domain.errors import InputError
from tests.http.running import DEFINITIONS, running

CSV = """\
Email,Purpose,Reason,At,Note
ana@example.com,newsletter,,2024-05-03T10:00:00Z,"a, b"
Bob@EXAMPLE.com,,bounced,2024-05-04,
ana@example.com,newsletter,,2024-06-01,again

nobody,,,,
eve@example.com,,annoyed,,
zoe@example.com,,,soon,
kim@example.com
"""


@pytest.fixture
def folder(tmp_path):
    Workspace(tmp_path / "shop").create(DEFINITIONS)
    (tmp_path / "left.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def _listed(folder):
    with contextlib.closing(DuckDBStore.open(folder / "shop" / "segue.duckdb")) as store:
        return [(one.address, one.purpose, one.reason.value) for one in store.suppressions()]


EXPECTED = [
    ("ana@example.com", "newsletter", "unsubscribed"),
    ("bob@example.com", "", "bounced"),
    ("kim@example.com", "", "unsubscribed"),
]


def test_a_list_of_another_tool_is_taken_over(segue, folder):
    """What a line says counts; lines that hold no address are named and left out."""
    out = segue("suppress", "import", folder / "left.csv", "--workspace", folder / "shop", "--json")

    assert out.code == 1
    assert out.json == {
        "added": 3,
        "known": 1,
        "rejected": 3,
        "problems": [
            "line 6: 'nobody' is no e-mail address",
            "line 7: 'annoyed' is none of the reasons: unsubscribed, bounced, complained, by_hand",
            "line 8: 'soon' is not a date or an RFC 3339 instant",
        ],
    }
    assert _listed(folder) == EXPECTED


def test_the_same_file_twice_adds_nothing(segue, folder):
    call = ("suppress", "import", folder / "left.csv", "--workspace", folder / "shop")
    segue(*call)
    out = segue(*call)

    assert "0 added, 4 known already, 3 rejected" in out.out
    assert _listed(folder) == EXPECTED


def test_a_purpose_and_a_reason_for_all_lines(segue, folder):
    (folder / "plain.csv").write_text("address\na@example.com\nb@example.com\n", encoding="utf-8")
    options = ("--purpose", "news", "--reason", "by_hand", "--workspace", folder / "shop")
    out = segue("suppress", "import", folder / "plain.csv", *options)

    assert out.code == 0
    assert _listed(folder) == [
        ("a@example.com", "news", "by_hand"),
        ("b@example.com", "news", "by_hand"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.csv", "name,age\nana,7\n", "has no column of addresses"),
        ("empty.csv", "", "has no column of addresses"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_a_file_without_addresses_is_refused(segue, folder, name, text, words):
    if text is not None:
        (folder / name).write_text(text, encoding="utf-8")
    out = segue("suppress", "import", folder / name, "--workspace", folder / "shop")

    assert out.code == 2
    assert words in out.out + out.err


def test_a_list_is_taken_over_while_a_server_works(segue, folder):
    with running(folder / "shop") as served:
        out = segue("suppress", "import", folder / "left.csv", "--workspace", folder / "shop")
        assert "3 added" in out.out
        (found,) = served.serving.store.suppressed(["BOB@example.com"], Channel.EMAIL)
        assert found.reason is Suppression.BOUNCED


RECORDS = {
    "shop.example": ["v=spf1 include:mail.example -all"],
    "_dmarc.shop.example": ["v=DMARC1; p=none"],
}


def test_what_a_domain_lacks(segue, monkeypatch):
    monkeypatch.setattr(NameServer, "texts", lambda _, name: RECORDS.get(name, []))
    out = segue("campaigns", "check-domain", "news@Shop.Example", "--selector", "s1", "--json")

    assert out.code == 1
    assert out.json["domain"] == "shop.example"
    grades = [(one["about"], one["grade"]) for one in out.json["findings"]]
    assert grades == [("SPF", "good"), ("DKIM s1", "missing"), ("DMARC", "doubtful")]
    shown = segue("campaigns", "check-domain", "shop.example", "--selector", "s1").out
    assert "TXT of s1._domainkey.shop.example" in shown
    assert "v=DMARC1; p=quarantine" in shown


def test_a_domain_that_is_good_enough(segue, monkeypatch):
    monkeypatch.setattr(NameServer, "texts", lambda _, name: RECORDS.get(name, []))

    assert segue("campaigns", "check-domain", "shop.example").code == 0


def test_a_domain_that_cannot_be(segue, monkeypatch):
    def refused(_, name):
        raise InputError(f"{name} cannot be looked up", hint="is this machine connected?")

    monkeypatch.setattr(NameServer, "texts", refused)
    assert segue("campaigns", "check-domain", "shop example").code == 2
    out = segue("campaigns", "check-domain", "shop.example")
    assert out.code == 2
    assert "cannot be looked up" in out.out + out.err
