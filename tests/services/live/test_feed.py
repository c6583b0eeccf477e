"""The feed: everybody gets every transition once, from memory or from the store, nobody waits."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.live import Boundary, Cause, Transition
from segue.services.live.feed import Feed
from segue.services.live.following import Page, Wanted, recent_page, stored, stored_page


def transition(number: int, segment: str = "buyers", person: str = "ada", *, live: bool = True):
    return Transition(
        number, segment, 1, person, Boundary.ENTERED, number, number, Cause.EVENT, live=live
    )


def transitions(first: int, upto: int) -> list[Transition]:
    return [transition(number) for number in range(first, upto)]


def test_what_is_forgotten_is_read_from_the_store() -> None:
    """Somebody was erased: what was told of them is not told again."""
    feed = Feed(0)
    feed.publish(transitions(0, 3), 3)
    feed.forget()
    assert feed.after(0, 10) is None
    assert feed.after(2, 10) == ()
    feed.publish(transitions(3, 4), 4)
    assert [one.id for one in feed.after(2, 10) or ()] == [3]
    assert feed.after(1, 10) is None


class Published:
    """A store of transitions: the port, over a list."""

    def __init__(self, found: list[Transition]) -> None:
        self.found = found

    def transitions(self, *, after, limit, segment_id=None, person_id=None, only_live=False):
        return [
            one
            for one in self.found
            if one.id > after
            and segment_id in (None, one.segment_id)
            and person_id in (None, one.person_id)
            and (one.live or not only_live)
        ][:limit]


def ids(found) -> list[int]:
    return [one.id for one in found]


def test_what_comes_after_a_cursor_is_read_from_memory() -> None:
    feed = Feed(0)
    feed.publish(transitions(0, 3), 3)
    feed.publish(transitions(3, 5), 5)

    assert ids(feed.after(-1, 100)) == [0, 1, 2, 3, 4]
    assert ids(feed.after(2, 1)) == [3]
    assert feed.after(4, 100) == ()
    assert feed.after(99, 100) == ()


@pytest.mark.parametrize(
    ("published", "upto"),
    [
        ([], 4),
        (transitions(2, 4), 4),
        (transitions(0, 3), 4),
    ],
    ids=["told without any", "only the latest of them", "with a gap at the end"],
)
def test_a_gap_is_never_passed_over(published: list[Transition], upto: int) -> None:
    """Where the feed was not told of all, whoever is behind has to ask the store."""
    feed = Feed(0)
    feed.publish(published, upto)

    assert feed.next_transition == upto
    assert feed.after(-1, 100) is None
    feed.publish(transitions(upto, upto + 2), upto + 2)
    assert ids(feed.after(upto - 1, 100)) == [upto, upto + 1]
    assert feed.after(-1, 100) is None


def test_memory_is_bounded() -> None:
    feed = Feed(0, recent=10)
    for number in range(1000):
        feed.publish([transition(number)], number + 1)

    assert feed.after(900, 100) is None
    assert ids(feed.after(989, 100)) == list(range(990, 1000))


def test_a_turn_that_publishes_nothing_wakes_nobody() -> None:
    woken = []
    feed = Feed(5)
    feed.listen(lambda: woken.append(True))

    feed.publish((), 5)
    assert not woken
    feed.publish([transition(5)], 6)
    assert woken == [True]


def test_who_stops_to_listen_is_told_no_more() -> None:
    woken = []
    feed = Feed(0)
    stop = feed.listen(lambda: woken.append("one"))
    feed.listen(lambda: woken.append("other"))

    stop()
    stop()
    feed.publish([transition(0)], 1)

    assert woken == ["other"]
    assert feed.listeners == 1


def test_the_end_is_told_to_everybody() -> None:
    woken = []
    feed = Feed(0)
    feed.listen(lambda: woken.append(True))

    feed.close()
    feed.close()

    assert feed.closed
    assert woken
    assert not feed.wait(-1, 10)


def test_a_thread_waits_for_what_comes() -> None:
    feed = Feed(0)
    publisher = threading.Timer(0.01, feed.publish, ([transition(0)], 1))
    publisher.start()

    assert feed.wait(-1, 10)
    assert ids(feed.after(-1, 1)) == [0]
    assert not feed.wait(0, 0)
    publisher.join()


WANTED = st.builds(
    Wanted,
    st.none() | st.sampled_from(["buyers", "lookers"]),
    st.none() | st.frozensets(st.sampled_from(["ada", "ben"]), min_size=1),
    st.booleans(),
)
WHAT = st.tuples(
    st.sampled_from(["buyers", "lookers"]), st.sampled_from(["ada", "ben", "cat"]), st.booleans()
)


@settings(deadline=None)
@given(
    turns=st.lists(st.lists(WHAT, max_size=8), max_size=8),
    wanted=WANTED,
    most=st.integers(1, 5),
    told=st.lists(st.booleans(), min_size=8, max_size=8),
    reads=st.lists(st.integers(0, 3), min_size=8, max_size=8),
)
def test_a_follower_sees_each_wanted_transition_once(turns, wanted, most, told, reads) -> None:
    """However the turns come, how much the feed is told, and when the follower reads."""
    feed, log, seen, cursor = Feed(0, recent=3), [], [], -1
    store = Published(log)

    def read() -> Page:
        page = recent_page(feed, wanted, cursor, most)
        return stored_page(store, feed, wanted, cursor, most) if page is None else page

    for turn, is_told, times in zip(turns, told, reads, strict=False):
        first = len(log)
        log += [
            transition(first + place, segment, person, live=live)
            for place, (segment, person, live) in enumerate(turn)
        ]
        feed.publish(log[first:] if is_told else (), len(log))
        for _ in range(times):
            page = read()
            seen, cursor = [*seen, *page.transitions], page.cursor
    while (page := read()).cursor > cursor:
        seen, cursor = [*seen, *page.transitions], page.cursor

    assert seen == [one for one in log if wanted.takes(one)]


def test_a_person_is_followed_under_every_id() -> None:
    store = Published([transition(0, person="anon"), transition(1, person="x"), transition(2)])

    found = stored(store, Wanted(person_ids=frozenset({"ada", "anon"})), -1, 10)

    assert ids(found) == [0, 2]
