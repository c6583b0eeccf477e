"""Users in a real store: who may sign in, until when, and what is kept of secrets."""

import duckdb
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import NotFoundError, UsageError
from segue.domain.users import LINK_LASTS, SESSION_LASTS, Role


@pytest.fixture
def path(tmp_path):
    return tmp_path / "segue.duckdb"


@pytest.fixture
def store(path):
    opened = DuckDBStore.open(path)
    yield opened
    opened.close()


def test_roles_are_in_order():
    """Each may do what the one before it may."""
    assert [[one.may(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_a_link_lets_in_once(store):
    """And only for a day."""
    ann = store.add_user("ann", Role.ADMIN, now=0)
    first, second = (store.add_link(ann.id, now=0) for _ in range(2))

    assert store.use_link(first, now=1) == ann
    assert store.use_link(first, now=1) is None
    assert store.use_link(second, now=LINK_LASTS) is None
    assert store.use_link("made up", now=0) is None


def test_a_session_lasts_until_it_is_over(path):
    """Over a restart too; its mark stands for it and is no secret."""
    store = DuckDBStore.open(path)
    ann = store.add_user("ann", Role.EDITOR, now=0)
    secret = store.begin_session(ann.id, now=0)
    store.close()

    store = DuckDBStore.open(path)
    session = store.session(secret, now=1)
    assert session is not None
    assert (session.user, session.expires_at) == (ann, SESSION_LASTS)
    assert session.id not in secret
    assert store.session(secret, now=SESSION_LASTS) is None
    store.end_session(secret)
    assert store.session(secret, now=1) is None
    store.close()


def test_whoever_is_ended_is_out_at_once(store):
    """Their sessions, their links, their password."""
    store.add_user("root", Role.ADMIN, now=0)
    ann = store.add_user("ann", Role.ADMIN, now=1)
    store.set_password(ann.id, "hash")
    session, link = store.begin_session(ann.id, now=1), store.add_link(ann.id, now=1)

    store.end_user(ann.id, now=5)

    assert store.session(session, now=6) is None
    assert store.use_link(link, now=6) is None
    assert store.password_of("ann") is None
    assert [one.ended_at for one in store.users()] == [None, 5]


def test_a_new_password_ends_all_sessions(store):
    """Whoever had one of them must sign in again."""
    ann = store.add_user("ann", Role.ADMIN, now=0)
    session = store.begin_session(ann.id, now=0)

    store.set_password(ann.id, "hash")

    assert store.session(session, now=1) is None
    user, kept = store.password_of(" ANN ")
    assert (user.id, user.has_password, kept) == (ann.id, True, "hash")


def test_somebody_stays_admin(store):
    """Neither taking the role away nor ending the last one is taken."""
    ann = store.add_user("ann", Role.ADMIN, now=0)
    with pytest.raises(UsageError, match="only admin"):
        store.set_role(ann.id, Role.VIEWER)
    with pytest.raises(UsageError, match="only admin"):
        store.end_user(ann.id, now=1)

    store.add_user("ben", Role.ADMIN, now=0)
    assert store.set_role(ann.id, Role.VIEWER).role is Role.VIEWER


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "ANN"])
def test_names_that_cannot_be(store, name):
    """Or that somebody has, in whatever case."""
    store.add_user("ann", Role.ADMIN, now=0)

    with pytest.raises(UsageError):
        store.add_user(name, Role.VIEWER, now=0)


def test_nobody_by_that_id(store):
    for call in (
        lambda: store.set_role("user_x", Role.VIEWER),
        lambda: store.set_password("user_x", "hash"),
        lambda: store.end_user("user_x", now=0),
        lambda: store.add_link("user_x", now=0),
        lambda: store.begin_session("user_x", now=0),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_no_secret_is_in_the_file(path):
    """Neither that of a link nor that of a session."""
    store = DuckDBStore.open(path)
    ann = store.add_user("ann", Role.ADMIN, now=0)
    secrets = [store.add_link(ann.id, now=0), store.begin_session(ann.id, now=0)]
    store.close()

    with duckdb.connect(str(path)) as db:
        kept = str(db.execute("FROM user_tokens").fetchall())
    assert not [one for one in secrets if one in kept]
