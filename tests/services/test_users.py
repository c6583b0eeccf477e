"""Passwords and signing in, against a real store."""

import os

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import UsageError
from segue.domain.users import Role
from segue.services.users import TRIED_WITHIN, TRIES, SignIn, hashed, is_password

GOOD = "correct horse battery"


@pytest.fixture
def signing():
    store = DuckDBStore.open(None)
    ann = store.add_user("ann", Role.ADMIN, now=0)
    sign_in = SignIn(store, os.urandom)
    sign_in.set_password(ann.id, GOOD)
    yield sign_in
    store.close()


def test_a_password_is_known_again():
    """Under any salt; two of the same are kept differently."""
    one, other = hashed(GOOD, b"1" * 16), hashed(GOOD, b"2" * 16)

    assert one != other
    assert is_password(GOOD, one)
    assert is_password(GOOD, other)
    assert not is_password(GOOD + " ", one)


@pytest.mark.parametrize("password", ["", "123456789", "x" * 1_001])
def test_what_is_no_password(password):
    with pytest.raises(UsageError, match="at least 10"):
        hashed(password, b"salt")


def test_name_and_password_let_in(signing):
    """The name in any case; nobody else's password, nobody unknown."""
    assert signing.user("Ann", GOOD, 0).name == "ann"
    assert signing.user("ann", "wrong horse battery", 0) is None
    assert signing.user("ben", GOOD, 0) is None


def test_guessing_ends(signing):
    """After ten wrong ones not even the right one is looked at, for ten minutes."""
    for at in range(TRIES):
        assert signing.user("ann", "wrong horse battery", at) is None
    with pytest.raises(UsageError, match="too many"):
        signing.user("ann", GOOD, TRIES)

    assert signing.user("ann", GOOD, TRIED_WITHIN + TRIES) is not None
