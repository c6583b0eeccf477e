"""Analyses in the background: a page is answered at once, whatever it asks for."""

import threading
import time
from collections.abc import Callable

import pytest

from segue.domain.errors import BusyError, NotFoundError
from segue.ui.board import KEPT, WAITING, Board, Looked, Tick


@pytest.fixture
def board() -> Board:
    return Board(threading.Lock())


def settled(look: Callable[[], Looked[int]]) -> Looked[int]:
    """What is there once nothing is worked on."""
    end = time.monotonic() + 120
    while (found := look()).doing:
        assert time.monotonic() < end
        time.sleep(0.002)
    return found


def test_who_asks_first_waits_for_nothing_and_sees_what_is_done(board: Board) -> None:
    go, said = threading.Event(), threading.Event()

    def work(tick: Tick) -> int:
        tick("counting")
        said.set()
        assert go.wait(120)
        return 7

    first = board.look("a", work, now=100)
    assert (first.result, first.as_of, first.trouble) == (None, None, None)
    assert first.doing
    assert said.wait(120)
    assert board.look("a", work, now=101).doing == "counting"
    go.set()
    assert settled(lambda: board.look("a", work, now=102)) == Looked(7, as_of=100)


def test_a_result_is_kept_as_long_as_it_is_fresh(board: Board) -> None:
    made: list[int] = []

    def work(_: Tick) -> int:
        made.append(1)
        return len(made)

    for now in (0, 5, 9):
        assert settled(lambda now=now: board.look("a", work, now=now, fresh=10)).result == 1  # type: ignore[misc]
    renewing = board.look("a", work, now=10, fresh=10)
    assert (renewing.result, renewing.as_of) == (1, 0)
    assert renewing.doing
    assert settled(lambda: board.look("a", work, now=11, fresh=10)) == Looked(2, as_of=10)


def test_other_definitions_make_a_result_old_at_once(board: Board) -> None:
    first, second = object(), object()
    settled(lambda: board.look("a", lambda _: 1, now=0, basis=first))
    assert board.look("a", lambda _: 2, now=1, basis=second).doing
    assert settled(lambda: board.look("a", lambda _: 2, now=1, basis=second)).result == 2


def test_what_fails_says_why_and_is_tried_again_later(
    board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(_: Tick) -> int:
        raise NotFoundError("there is no goal", hint="add one")

    def broken(_: Tick) -> int:
        raise ZeroDivisionError

    found = settled(lambda: board.look("a", missing, now=0, fresh=10))
    assert found.trouble is not None
    assert (found.result, found.trouble.hint) == (None, "add one")
    assert settled(lambda: board.look("a", lambda _: 3, now=10, fresh=10)).result == 3
    odd = settled(lambda: board.look("b", broken, now=0))
    assert odd.trouble is not None
    assert "could not be worked out" in odd.trouble.message
    assert "ZeroDivisionError" in caplog.text


def test_one_is_worked_on_at_a_time_and_not_too_many_wait(board: Board) -> None:
    with board.alone:
        for one in range(WAITING):
            assert board.look(one, lambda _: 0, now=0).doing == "waiting for its turn"
        with pytest.raises(BusyError):
            board.look("one more", lambda _: 0, now=0)
    for one in range(WAITING):
        assert settled(lambda one=one: board.look(one, lambda _: 0, now=0)).result == 0  # type: ignore[misc]


def test_only_so_many_results_are_kept(board: Board) -> None:
    for one in range(KEPT + 5):
        settled(lambda one=one: board.look(one, lambda _: one, now=0))  # type: ignore[misc]
    assert board.look(KEPT + 4, lambda _: -1, now=0).result == KEPT + 4
    assert board.look(0, lambda _: -1, now=0).result is None


def test_what_nobody_waits_for_begins_after_the_answer(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it does not keep the page; what is waited for begins at once."""
    monkeypatch.setattr("segue.ui.board.ANSWERED", 2.0)  # a busy machine answers later
    began: dict[str, float] = {}

    def work(name: str) -> Callable[[Tick], int]:
        def note(_: Tick) -> int:
            began[name] = time.perf_counter()
            return 1

        return note

    asked = time.perf_counter()
    assert board.look("late", work("late"), now=0).result is None
    assert board.look("soon", work("soon"), now=0, patience=120).result == 1
    assert settled(lambda: board.look("late", work("late"), now=1)).result == 1

    assert began["soon"] < began["late"]
    assert began["late"] - asked >= 2.0
