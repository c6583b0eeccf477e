"""Gathering people from a log that grows, case by case; see also tests/properties."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import FOREVER
from segue.language.tree import EventPattern, Name
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Log, Occurrences, Request
from segue.timeline.parts import Codebook, Groups, Part
from segue.timeline.readings import Layer, tied_with
from segue.timeline.runs import merged

SEEN = Request(EventPattern((Name("seen", quoted=True),)))
DONE = Request(EventPattern((Name("done", quoted=True),)), ordered=True)


def part(rows, whos=None, requests=(SEEN, DONE)):
    """A part of (who, at, ref) rows that answer all requests; keys as extraction gives them."""
    whos = sorted({who for who, _, _ in rows} if whos is None else whos)
    rows = sorted(rows)
    who, at, ref = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    offsets = np.searchsorted(who, [*whos, 1 << 40])
    order = [4 * sum(r[:2] == q[:2] and r > q for q in rows) + 2 for r in rows]
    first = [min((a for w, a, _ in rows if w == one), default=FOREVER) for one in whos]
    answers = {
        SEEN: Occurrences(offsets, at),
        DONE: Occurrences(offsets, at, np.array(order, np.int32), source=ref),
    }
    log = Log(np.array(first, np.int64), {request: answers[request] for request in requests})
    return Part(np.array(whos, np.int32), log)


def groups(*people):
    """People as groups of distinct ids, each named after the first."""
    return Groups(
        np.array([whos[0] for whos in people], np.int32),
        np.cumsum([0, *map(len, people)]),
        np.array([who for whos in people for who in whos], np.int32),
    )


class Ranks:
    """Ranks events against the order of their references, and notes which ones."""

    def __init__(self):
        self.asked = []

    def __call__(self, refs):
        self.asked.append(refs.tolist())
        return len(refs) - 1 - np.arange(len(refs))


def told(log, people, ranks=None):
    """First seen, and per person the instants and references of what was done."""
    found = log.gather(people, ranks or Ranks())
    done, seen = found.answers[DONE], found.answers[SEEN]
    assert seen.at.tolist() == done.at.tolist()
    rows = list(zip(done.at.tolist(), done.source.tolist(), strict=True))
    each = [rows[a:b] for a, b in zip(done.offsets, done.offsets[1:], strict=False)]
    return found.first_seen.tolist(), each


def test_later_and_earlier_events():
    """What comes later may have happened before."""
    log = GrowingLog(part([(0, 50, 0), (1, 60, 1)])).plus(part([(0, 70, 2), (1, 10, 3), (2, 5, 4)]))
    assert told(log, groups([0], [1], [2])) == (
        [50, 10, 5],
        [[(50, 0), (70, 2)], [(10, 3), (60, 1)], [(5, 4)]],
    )


def test_several_ids_of_one_person():
    """Their events interleave; ids that never did anything add nothing."""
    log = GrowingLog(part([(0, 10, 0), (0, 30, 1), (4, 20, 2)]))
    assert told(log, groups([4, 0, 9])) == ([10], [[(10, 0), (20, 2), (30, 1)]])


def test_nobody():
    """No people, and people without events."""
    log = GrowingLog(part([(0, 10, 0)]))
    assert told(log, groups()) == ([], [])
    assert told(log, groups([7], [0])) == ([FOREVER, 10], [[], [(10, 0)]])


def test_ties_across_readings_are_ranked():
    """Only those: neither ties that one reading ordered, nor events that merely came later."""
    ranks = Ranks()
    log = GrowingLog(part([(0, 10, 0), (0, 20, 1), (0, 20, 2)])).plus(
        part([(0, 10, 3), (0, 40, 4)])
    )
    found = told(log, groups([0]), ranks)
    assert found == ([10], [[(10, 3), (10, 0), (20, 1), (20, 2), (40, 4)]])
    assert ranks.asked == [[0, 3]]


def test_ties_across_ids_are_ranked():
    """Read at once, but each in an order of its own."""
    ranks = Ranks()
    log = GrowingLog(part([(0, 10, 0), (1, 10, 1), (2, 10, 2)]))
    assert told(log, groups([0, 1], [2]), ranks)[1] == [[(10, 1), (10, 0)], [(10, 2)]]
    assert ranks.asked == [[0, 1]]


def test_the_log_before_stays_as_it_was():
    """Growing gives another log, however the runs are merged."""
    logs = [GrowingLog(part([(0, 0, 0)]))]
    for ref in range(1, 40):
        logs.append(logs[-1].plus(part([(0, ref, ref)])))
    for ref, log in enumerate(logs):
        assert told(log, groups([0]))[1] == [[(at, at) for at in range(ref + 1)]]
        assert log.events_since_base == 2 * ref
    assert len(logs[-1].runs) <= 2


def _tidied(log):
    """A log of which everything loose was put together."""
    while parts := log.loose:
        log = log.tidied(parts, merged(parts))
    return log


def test_long_runs_are_put_together_by_whoever_has_the_time(monkeypatch):
    """A run that joins is merged only with short ones; the others are loose until they are tidied,
    and then each is much longer than the next, but for the last."""
    monkeypatch.setattr("segue.timeline.runs._AT_ONCE", 6)
    log = GrowingLog(part([(0, 0, 0)]))
    for ref in range(1, 120):
        log = log.plus(part([(ref % 7, ref, ref)]))
    tidy = _tidied(log)
    assert len(log.runs) > 30
    assert len(tidy.runs) <= 4
    lengths = [len(run) for run in tidy.runs[:-1]]
    assert all(8 * later < earlier for earlier, later in pairwise(lengths))
    everybody = groups(*([who] for who in range(7)))
    assert told(tidy, everybody) == told(log, everybody)
    assert tidy.events_since_base == log.events_since_base


def test_what_was_put_together_of_runs_that_are_no_more_is_dropped(monkeypatch):
    """Somebody was replaced, or the log renewed, while it was done."""
    monkeypatch.setattr("segue.timeline.runs._AT_ONCE", 2)
    log = GrowingLog(part([(0, 0, 0)]))
    for ref in range(1, 9):
        log = log.plus(part([(ref % 2, ref, ref)]))
    parts = log.loose
    later = log.replacing(part([(1, 50, 50)]))
    assert len(parts) > 1
    assert later.tidied(parts, merged(parts)).runs == later.runs
    still = log.plus(part([(1, 60, 60)])).tidied(parts, merged(parts))
    assert told(still, groups([0], [1])) == told(log.plus(part([(1, 60, 60)])), groups([0], [1]))
    assert len(still.runs) < len(log.runs) + 1


def test_replacing():
    """All that they did gives way to the part, in the base and in what came since."""
    log = GrowingLog(part([(0, 10, 0), (1, 10, 1)])).plus(part([(0, 20, 2), (1, 20, 3)]))
    log = log.replacing(part([(0, 15, 4)], whos=[0]))
    assert told(log, groups([0], [1])) == ([15, 10], [[(15, 4)], [(10, 1), (20, 3)]])
    log = log.replacing(part([], whos=[0, 1]))
    assert told(log, groups([0], [1])) == ([FOREVER, FOREVER], [[], []])
    assert told(log.plus(part([(0, 30, 5)])), groups([0]))[1] == [[(30, 5)]]


def test_learning_and_forgetting():
    """Answers about everybody and all events so far; what was forgotten is not answered."""
    log = GrowingLog(part([(0, 10, 0)], requests=[SEEN])).plus(part([(0, 20, 1)]))
    assert log.requests == {SEEN}
    log = log.learning(part([(0, 10, 0), (0, 20, 1)], requests=[DONE]))
    assert log.requests == {SEEN, DONE}
    assert told(log.plus(part([(0, 15, 2)])), groups([0]))[1] == [[(10, 0), (15, 2), (20, 1)]]
    forgetful = log.forgetting([DONE])
    assert set(forgetful.gather(groups([0]), Ranks()).answers) == {SEEN}
    assert forgetful.events_since_base == 1
    assert told(forgetful.learning(part([(0, 10, 0), (0, 20, 1)])), groups([0]))[1] == [
        [(10, 0), (20, 1)]
    ]


def test_renewing():
    """One reading in place of many; what came or was replaced meanwhile stays."""
    earlier = GrowingLog(part([(0, 10, 0), (1, 10, 1)])).plus(part([(0, 20, 2), (2, 20, 3)]))
    log = earlier.plus(part([(0, 5, 4), (3, 30, 5)])).replacing(part([(1, 15, 6)]))
    base = part([(0, 10, 0), (0, 20, 2), (1, 10, 1), (2, 20, 3)])
    renewed = log.renewed(base, earlier)
    everybody = groups([0], [1], [2], [3])
    expected = (
        [5, 15, 20, 30],
        [[(5, 4), (10, 0), (20, 2)], [(15, 6)], [(20, 3)], [(30, 5)]],
    )
    assert told(log, everybody) == told(renewed, everybody) == expected
    assert (renewed.events_since_base, renewed.events_in_base) == (6, 8)
    (run,) = renewed.runs
    assert run.whos.tolist() == [0, 1, 3]
    again = renewed.renewed(
        part([(0, 5, 4), (0, 10, 0), (0, 20, 2), (1, 15, 6), (2, 20, 3), (3, 30, 5)]), renewed
    )
    assert told(again, everybody) == expected
    assert (again.runs, again.replaced) == ((), ())


def test_whoever_did_nothing_that_is_asked_about_is_seen_all_the_same():
    """Who did nothing in a reading takes no room in it; renewing forgets nobody."""
    log = GrowingLog(part([(0, 10, 0)])).plus(part([], whos=[0, 1, 2]))
    assert not any(len(run.whos) for run in log.runs)
    seen = part([], whos=[1])
    unasked = replace(seen, log=replace(seen.log, first_seen=np.array([7], np.int64)))
    grown = log.plus(unasked)
    renewed = grown.replacing(unasked).renewed(part([(0, 10, 0), (1, 5, 1)]), log)
    assert told(grown, groups([0], [1])) == ([10, 7], [[(10, 0)], []])
    assert told(renewed, groups([0], [1])) == ([10, 7], [[(10, 0)], []])


def test_a_part_has_to_answer_everything():
    """A silent gap would be a wrong membership."""
    with pytest.raises(KeyError):
        GrowingLog(part([(0, 10, 0)])).plus(part([(0, 20, 1)], requests=[SEEN]))


def test_many_people_are_gathered_one_request_at_a_time():
    """Slices of the base where nobody has more: the same answer as for a few."""
    count = 1 << 17
    log = GrowingLog(part([(who, who, who) for who in range(0, count, 1 << 10)], whos=range(count)))
    everybody = groups(*([who] for who in range(count)))
    found = log.gather(everybody, Ranks())
    assert np.shares_memory(found.answers[DONE].at, log.base.log.answers[DONE].at)
    grown = log.plus(part([(5, 7, count)])).gather(everybody, Ranks()).answers[DONE]
    assert grown.at[:3].tolist() == [0, 7, 1 << 10]
    assert grown.offsets[5:7].tolist() == [1, 2]


def test_codes_last():
    """A text keeps its code; new ones follow."""
    codebook = Codebook(["a", "b"])
    assert codebook.encode(["b", "c", "a", "c"]).tolist() == [1, 2, 0, 2]
    assert codebook.texts == ["a", "b", "c"]
    assert len(codebook) == 3


LAYERS = st.lists(
    st.sets(st.tuples(st.integers(0, 5), st.integers(0, 8)), max_size=12), min_size=1, max_size=4
)


@given(LAYERS)
def test_who_has_other_events_of_an_instant_in_another_reading(readings):
    """Of a person and an instant, different events of the new reading and of an earlier one; a
    reference stands for one event, in whatever reading it is."""
    refs = iter(range(1_000))
    rows = [[(who, at, next(refs)) for who, at in reading] for reading in readings]
    layers = [Layer(part(one), np.empty(0, np.int32), i) for i, one in enumerate(rows)]

    found = tied_with(layers[-1], layers[:-1])

    moments = [{one[:2] for one in reading} for reading in rows]
    assert found.tolist() == sorted({who for one in moments[:-1] for who, _ in one & moments[-1]})
    assert tied_with(layers[-1], [replace(layers[-1], origin=9)]).tolist() == []
