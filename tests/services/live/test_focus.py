"""Which segments of which people are looked at when something arrives, case by case.

That nothing is overlooked is shown by tests/live: what is published is the history.
"""

from __future__ import annotations

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.focus import Around, Demands, Focus, focus_of
from segue.timeline.evaluate import requests_of
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Log, Occurrences, Request
from segue.timeline.parts import Groups, Part

PROJECT = """
project: acme
segments:
  a: {title: A, when: did a}
  b: {title: B, when: did b within 1 hours}
  rich: {title: Rich, when: last b has amount > 5 and first b has vip is true}
  both: {title: Both, when: in a and in b}
  all: {title: All, when: everyone}
"""
DEFINITIONS = resolve(project_from(PROJECT))
IDS = [one.id for one in DEFINITIONS.segments]
WANTED = sorted(requests_of(DEFINITIONS), key=repr)
DEMANDS = Demands(DEFINITIONS, {segment_id: 7 + i for i, segment_id in enumerate(IDS)})


def part(rows: list[tuple[int, str, int]], whos: list[int]) -> Part:
    """A part of (who, event, at) rows."""
    first = [min((at for who, _, at in rows if who == one), default=FOREVER) for one in whos]
    answers = {request: answer(request, rows, whos) for request in WANTED}
    return Part(np.array(whos, np.int32), Log(np.array(first, np.int64), answers))


def answer(request: Request, rows: list[tuple[int, str, int]], whos: list[int]) -> Occurrences:
    (name,) = request.pattern.names
    found = sorted((who, at) for who, event, at in rows if event == name.text)
    who, at = np.array(found, np.int64).reshape(-1, 2).T
    return Occurrences(np.searchsorted(who, [*whos, 1 << 40]), at)


def groups(*people: list[int]) -> Groups:
    """People as groups of distinct ids, each named after the first."""
    offsets = np.cumsum([0, *map(len, people)])
    persons = np.array([whos[0] for whos in people], np.int32)
    return Groups(persons, offsets, np.array([w for whos in people for w in whos], np.int32))


LOG = GrowingLog(part([(0, "a", 10), (1, "b", 10), (2, "a", 10), (3, "c", 10)], [0, 1, 2, 3]))


def seen(
    rows: list[tuple[int, str, int]],
    before: Groups,
    after: Groups,
    due: tuple[int, ...] = (),
) -> Focus:
    run = LOG.arriving(part(rows, sorted({who for who, _, _ in rows})))
    gathering = LOG.gather_around(run, before, after, lambda refs: refs)
    around = Around(gathering, before, after, LOG.origin, LOG.numbers)
    return focus_of(DEMANDS, around, np.array(due, np.int32))


def looked_at(focus: Focus) -> list[set[str]]:
    """The segments looked at, person by person."""
    assert focus.whole.tolist() == focus.pairs.all(axis=0).tolist()
    return [{one for one, yes in zip(IDS, row, strict=True) if yes} for row in focus.pairs.T]


def test_what_asks_about_the_event_and_what_rests_on_that() -> None:
    """As before and as after; an event that nobody asks about changes nothing."""
    people = groups([0], [1], [3])
    focus = seen([(0, "a", 20), (1, "b", 20), (3, "z", 20)], people, people)

    assert looked_at(focus) == 2 * [{"a", "both"}, {"b", "rich", "both"}, set()]
    assert looked_at(focus.of(slice(2, 4))) == [set(), {"a", "both"}]


def test_everything_of_who_is_new_or_another_one() -> None:
    """Before, too, of those who came to be one; not of who is among them by chance."""
    before, after = groups([0], [1], [2]), groups([0, 1], [2], [9])
    focus = seen([(2, "a", 20), (9, "c", 20)], before, after)

    whole, part_of_it = set(IDS), {"a", "both"}
    assert looked_at(focus) == [whole, whole, part_of_it, whole, part_of_it, whole]


def test_everything_of_who_is_seen_earlier_or_due() -> None:
    people = groups([0], [2], [3])
    focus = seen([(0, "a", 20), (2, "z", 5), (3, "a", 20)], people, people, due=(3, 8))

    assert looked_at(focus) == 2 * [{"a", "both"}, set(IDS), set(IDS)]


def test_all_readings_of_the_same_events_come_together() -> None:
    """Whoever evaluates lines them up."""
    pairs = np.zeros((len(IDS), 1), np.bool_)
    pairs[IDS.index("b")] = True
    asked = DEMANDS.asked(LOG.numbers, pairs)[:, 0]

    found = [one for one, yes in zip(LOG.numbers, asked, strict=True) if yes]
    assert {name.text for one in found for name in one.pattern.names} == {"b"}
    assert len(found) == 2
