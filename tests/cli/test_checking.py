"""`check`: every problem at once, with its place, and what the events make doubtful."""

from pathlib import Path

import pytest

from segue.insight.portfolio.findings import Mistake
from segue.services.insight.lint_words import HEADINGS
from tests.cli.conftest import DEFINITIONS, EVENTS, Segue

WRONG = """\
project: shop
segments:
  one:
    when: did look at leest 2 times
  two:
    when: did buy whithin 7 days
  three:
    wen: did buy
"""


def test_definitions_that_are_right(segue: Segue, shop: Path) -> None:
    """Say so, and exit with 0."""
    shown = segue("check")

    assert shown.code == 0
    assert "✓ 5 segments, no problem" in shown.out


def test_every_problem_at_once(segue: Segue, shop: Path) -> None:
    """Line, column, the line itself with a caret below the place; exit code 1."""
    Path("segue.yaml").write_text(WRONG)

    shown = segue("check")
    lines = shown.out.splitlines()

    assert shown.code == 1
    assert "segue.yaml:4:" in shown.out
    assert "segue.yaml:6:" in shown.out
    assert "segue.yaml:8:" in shown.out or "segue.yaml:7:" in shown.out
    excerpt = next(index for index, line in enumerate(lines) if "leest" in line and "when" in line)
    assert lines[excerpt + 1].index("^") == lines[excerpt].index("leest")


def test_problems_as_json(segue: Segue, shop: Path) -> None:
    """With places for an editor."""
    Path("segue.yaml").write_text(WRONG)

    shown = segue("check", "--json")

    assert shown.code == 1
    assert [one["line"] for one in shown.json["problems"]][:2] == [4, 6]
    assert all(one["severity"] == "error" and one["message"] for one in shown.json["problems"])


def test_events_that_never_occurred_are_warnings(segue: Segue, shop: Path) -> None:
    """With the nearest name; the exit code stays 0."""
    text = DEFINITIONS.replace("when: did buy\n", "when: did bye\n")
    Path("segue.yaml").write_text(text)

    shown = segue("check", "--json")

    assert shown.code == 0
    assert not shown.json["problems"]
    assert any("bye" in one["message"] for one in shown.json["warnings"])
    assert any(one["suggestion"] == "buy" for one in shown.json["warnings"])


@pytest.mark.parametrize(
    "verb", [["evaluate"], ["history"], ["explain", "one", "ana"], ["import", "e.csv"]]
)
def test_other_verbs_name_the_problems_too(segue: Segue, shop: Path, verb: list[str]) -> None:
    """On stderr, with exit code 2: they cannot work."""
    Path("segue.yaml").write_text(WRONG)
    Path("e.csv").write_text(EVENTS)

    shown = segue(*verb)
    as_json = segue(*verb, "--json")

    assert (shown.code, shown.out) == (2, "")
    assert "leest" in shown.err
    assert "problems in the definitions" in shown.err
    assert (as_json.code, as_json.error["code"]) == (2, "definition")
    assert len(as_json.error["problems"]) >= 3


BROKEN = {
    "no YAML": "segments: [",
    "a list": "- a\n- b\n",
    "not text": b"\xff\xfe\x00",
    "an alias bomb": "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nsegments: *c\n",
    "a cycle": "segments:\n  a: {when: in b}\n  b: {when: in a}\n",
    "a name twice": "segments:\n  a: {when: did x}\n  a: {when: did y}\n",
    "a window upside down": "segments:\n  a: {when: did x between 7 days and 14 days ago}\n",
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_are_no_definitions(segue: Segue, shop: Path, case: str) -> None:
    """Problems with a place or a clear error: never a traceback, never a hang."""
    text = BROKEN[case]
    Path("segue.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

    shown = segue("check")

    assert shown.code in (1, 2), shown.out
    assert shown.out or shown.err


def test_a_regex_that_backtracks_elsewhere_does_not_here(segue: Segue, shop: Path) -> None:
    """RE2 answers in linear time."""
    text = "segments:\n  a: {when: 'did look where page matches \"(a+)+$\"'}\n"
    Path("segue.yaml").write_text(text)
    Path("e.csv").write_text(f"{EVENTS}dan,look,2026-05-01,{'a' * 30_000}!,\n")

    assert segue("import", "e.csv").code == 0
    assert segue("evaluate", "--json").code == 0


def test_deep_nesting(segue: Segue, shop: Path) -> None:
    """Three thousand parentheses are one condition."""
    text = "segments:\n  a: {when: '" + "(" * 3000 + "did look" + ")" * 3000 + "'}\n"
    Path("segue.yaml").write_text(text)

    assert segue("check").code == 0
    assert segue("evaluate", "-s", "a", "--json").json["segments"][0]["people"] == 3


def test_two_thousand_segments(segue: Segue, shop: Path) -> None:
    """A large file is checked and evaluated in seconds."""
    lines = [
        f"  s{n}: {{when: did look at least {n % 40 + 1} times within {n % 90 + 1} days}}"
        for n in range(2000)
    ]
    Path("segue.yaml").write_text("\n".join(["segments:", *lines, ""]))

    assert segue("check", "--json").json["segments"] == 2000
    assert len(segue("evaluate", "--json").json["segments"]) == 2000


BY_MAIL = """\
project: shop
messaging: {sender: {address: hello@shop.example}, public_url: "https://say.shop.example"}
segments:
  buyers: {title: Buyers, when: did buy}
campaigns:
  hello: {segment: buyers, when: entering, already_in: skip, channel: email, subject: Hi, text: Hi}
"""


def test_what_campaigns_need_and_nobody_has_set_up(segue, tmp_path, monkeypatch):
    """A warning: another machine may have it."""
    (tmp_path / "segue.yaml").write_text(BY_MAIL)
    monkeypatch.delenv("SEGUE_SMTP_HOST", raising=False)

    out = segue("check", "--definitions", "segue.yaml")
    assert out.code == 0
    assert "not set up: hello: no mail server is set up: SEGUE_SMTP_HOST names one" in out.out
    assert (
        len(segue("check", "--definitions", "segue.yaml", "--json").json["missing_channels"]) == 1
    )
    monkeypatch.setenv("SEGUE_SMTP_HOST", "mail.example")
    assert not segue("check", "--definitions", "segue.yaml", "--json").json["missing_channels"]


def test_the_portfolio_is_checked_where_asked_for(segue: Segue, shop: Path) -> None:
    """Findings stand under their names, with what to do, and end with exit code 1."""
    assert segue("check").code == 0

    shown = segue("check", "--portfolio")
    found = segue("check", "--portfolio", "--json").json["portfolio"]

    assert shown.code == 1
    assert "Segments that nobody acts on not-acted-on" in shown.out
    assert "→ Give the one that matters most a campaign with a goal." in shown.out
    assert {"mistake", "segments", "campaigns", "evidence", "advice", "edit"} == set(
        found["findings"][0]
    )
    assert all(one["both"] for one in found["overlaps"])


def test_problems_come_before_the_portfolio(segue: Segue, shop: Path) -> None:
    """What cannot be evaluated is not linted."""
    Path("segue.yaml").write_text(WRONG)

    shown = segue("check", "--portfolio", "--json")

    assert shown.code == 1
    assert "portfolio" not in shown.json


def test_every_mistake_has_a_heading_and_stands_on_its_page() -> None:
    """In the table of the documentation, by its name."""
    page = (Path(__file__).parents[2] / "docs" / "portfolio.md").read_text(encoding="utf-8")

    assert set(HEADINGS) == set(Mistake)
    assert [one for one in Mistake if f"| `{one.value}` |" not in page] == []
