"""Users in a real store: who may sign in, until when, and what is kept of secrets."""

import duckdb
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import NotFoundError, UsageError
from segue.domain.users import LINK_LASTS, SESSION_LASTS, Deed, Role


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


def test_whoever_was_ended_comes_back_without_a_password(store):
    """By a new link; what let them in before does not."""
    ann = store.add_user("ann", Role.ADMIN, now=0)
    bob = store.add_user("bob", Role.EDITOR, now=0)
    store.set_password(bob.id, "hash")
    secret = store.begin_session(bob.id, now=0)
    store.end_user(bob.id, now=1)
    back = store.readmit(bob.id)

    assert (back.ended_at, back.has_password, back.role) == (None, False, Role.EDITOR)
    assert store.session(secret, now=1) is None
    assert store.password_of("bob") is None
    assert store.use_link(store.add_link(bob.id, now=1), now=2) == back
    assert ann in store.users()


def test_signing_out_everywhere_leaves_others(store):
    """Their links are worth nothing then, too."""
    ann, bob = (store.add_user(name, Role.ADMIN, now=0) for name in ("ann", "bob"))
    mine = [store.begin_session(ann.id, now=0) for _ in range(2)]
    other, link = store.begin_session(bob.id, now=0), store.add_link(ann.id, now=0)
    store.end_sessions(ann.id)

    assert [store.session(one, now=1) for one in mine] == [None, None]
    assert store.use_link(link, now=1) is None
    assert store.session(other, now=1) is not None
    with pytest.raises(NotFoundError):
        store.end_sessions("nobody")


def test_what_was_done_is_kept_over_a_restart(path, monkeypatch):
    """The latest first; the oldest make room."""
    monkeypatch.setattr("segue.adapters.duckdb_store.users.DEEDS_KEPT", 3)
    store = DuckDBStore.open(path)
    for at in range(5):
        store.note_deed(Deed(at, "ann", f"Pause {at}", "offer"))
    store.close()

    store = DuckDBStore.open(path)
    assert [one.at for one in store.deeds()] == [4, 3, 2]
    assert store.deeds(1) == [Deed(4, "ann", "Pause 4", "offer")]
    store.close()
