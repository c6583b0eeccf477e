"""Keys: write keys may be any text, secret keys are shown once, revoking counts at once."""

import string
from concurrent.futures import ThreadPoolExecutor

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.access import Key, KeyKind
from segue.domain.errors import NotFoundError, UsageError
from tests.adapters.stores import store_of


@pytest.fixture
def store():
    """A store without keys."""
    made = store_of()
    yield made
    made.close()


def test_a_new_write_key_is_public_and_signs(store):
    """Its text can be read again; no two are alike, nor what they sign with."""
    first, second = (store.add_write_key("site", now=now) for now in (5, 6))
    assert (first.kind, first.name, first.created_at) == (KeyKind.WRITE, "site", 5)
    assert first.text.startswith("wk_")
    assert len(first.text) == 27
    assert set(first.text[3:]) <= set(string.ascii_letters + string.digits)
    assert len({first.text, second.text}) == len({first.id, second.id}) == 2
    assert len(first.signing_secret) > 40
    assert first.signing_secret != second.signing_secret
    assert first.signing_secret not in repr(first)
    assert store.keys() == [first, second]
    assert store.find(first.text) == first


def test_a_secret_key_is_known_once(tmp_path):
    """Its text opens, and is nowhere in the file."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    made = store.add_secret_key("server", now=5)
    assert made.key == Key(KeyKind.SECRET, made.key.id, "server", 5)
    assert made.text.startswith("sk_")
    assert made.text not in repr(made)
    assert store.find(made.text) == made.key
    store.close()
    assert made.text.encode() not in path.read_bytes()
    store = DuckDBStore.open(path)
    assert store.find(made.text) == made.key
    assert store.keys() == [made.key]
    store.close()


@pytest.mark.parametrize(
    "text",
    ["acme", "2fXq…", "phc_" + "A1" * 20, "a b", "x" * 100, "'; DROP TABLE api_keys; --", "0"],
)
def test_any_text_may_be_a_write_key(store, text):
    """People bring the keys that they have; the same text again is the same key."""
    key = store.add_write_key("brought", now=1, text=f" {text}\n")
    assert key.text == text
    assert store.find(text) == key
    assert store.add_write_key("again", now=2, text=text) == key
    assert store.keys() == [key]


@pytest.mark.parametrize("text", ["", "  ", "x" * 101, "a\nb", "\x00", "\ud800"])
def test_texts_that_no_header_can_carry(store, text):
    """Are refused with a hint, and nothing is kept."""
    with pytest.raises(UsageError, match="cannot be a write key") as caught:
        store.add_write_key("brought", now=1, text=text)
    assert caught.value.hint
    assert store.keys() == []


def test_a_secret_key_cannot_become_a_write_key(store):
    """It would stand in web pages and may do everything."""
    made = store.add_secret_key("server", now=1)
    with pytest.raises(UsageError, match="secret key"):
        store.add_write_key("site", now=2, text=made.text)
    assert store.find(made.text) == made.key


@pytest.mark.parametrize("text", ["", "wk_", "unknown", "\ud800", "x" * 10_000])
def test_what_is_no_key_is_not_found(store, text):
    """Whatever somebody sends."""
    store.add_write_key("site", now=1)
    store.add_secret_key("server", now=2)
    assert store.find(text) is None


def test_a_revoked_key_counts_no_more(tmp_path):
    """At once and after a restart; it stays in the list, and its text cannot be used again."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    write, secret = (
        store.add_write_key("site", now=1, text="acme"),
        store.add_secret_key("s", now=2),
    )
    for key in (write, secret.key):
        assert store.revoke(key.id, now=9).revoked_at == 9
        assert store.revoke(key.id, now=10).revoked_at == 9
    for _ in range(2):
        assert store.find("acme") is None
        assert store.find(secret.text) is None
        assert {key.revoked_at for key in list(store.keys())} == {9}
        store.close()
        store = DuckDBStore.open(path)
    with pytest.raises(UsageError, match="revoked"):
        store.add_write_key("site", now=11, text="acme")
    with pytest.raises(NotFoundError, match="no key"):
        store.revoke("key_unknown", now=11)
    store.close()


def test_keys_are_changed_while_a_turn_is_under_way(store):
    """They wait for nobody, and a turn that fails takes no key with it."""
    with store.turn():
        key = store.add_write_key("site", now=1, text="acme")
        assert store.find("acme") == key
    assert store.keys() == [key]


def test_keys_may_be_made_by_many_at_once(store):
    """Each is found as soon as it is made."""

    def make(number):
        key = store.add_write_key(f"site {number}", now=number)
        return store.find(key.text) == key

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(make, range(40)))
    assert [key.created_at for key in list(store.keys())] == list(range(40))


def test_keys_are_in_a_copy(store, tmp_path):
    """A restored store takes the keys that senders have."""
    key, secret = store.add_write_key("site", now=1), store.add_secret_key("server", now=2)
    store.backup(tmp_path / "copy.duckdb")
    copy = DuckDBStore.open(tmp_path / "copy.duckdb")
    assert copy.find(key.text) == key
    assert copy.find(secret.text) == secret.key
    copy.close()
