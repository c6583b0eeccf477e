"""Who is in what now, in memory: against a plain dictionary of what each person is in."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from segue.domain.instant import FOREVER
from segue.services.live.current import CurrentMemberships
from segue.services.live.focus import Focus
from segue.services.live.kept import KeptStanding
from segue.services.live.span_table import SpanTable
from segue.timeline.spans import Spans
from tests.services.live.tables import table_of

AT = 1_000
SEGMENTS = (3, 9, 5)


def spans_of(people: list[int], rows: dict[int, list[tuple[int, int]]]) -> Spans:
    """The spans of people in order, from a dictionary."""
    owned = [rows.get(person, []) for person in people]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in owned])]).astype(np.int64)
    flat = [span for one in owned for span in one]
    start, end = zip(*flat, strict=True) if flat else ((), ())
    return Spans(offsets, np.array(start, np.int64), np.array(end, np.int64))


def made_up(rng: random.Random, people: list[int]) -> dict[int, dict[int, list[tuple[int, int]]]]:
    """Spans by segment and person: one that is over, perhaps one that holds, perhaps one to come."""
    spans: dict[int, dict[int, list[tuple[int, int]]]] = {code: {} for code in SEGMENTS}
    for code in SEGMENTS:
        for person in people:
            found = [(1, 9)] if rng.random() < 0.5 else []
            if rng.random() < 0.5:
                found.append((rng.randrange(10, AT + 1), rng.choice((FOREVER, AT + 5, AT + 9))))
            elif rng.random() < 0.5:
                found.append((AT + 1, FOREVER))
            spans[code][person] = found
    return spans


def table(people, spans) -> SpanTable:
    return table_of({code: spans_of(people, spans[code]) for code in SEGMENTS})


def focused(people, seen) -> Focus:
    """All segments of some people, only these of others."""
    own = [seen.get(person, SEGMENTS) for person in people]
    pairs = np.array([[code in one for one in own] for code in SEGMENTS], np.bool_)
    return Focus(np.array(SEGMENTS, np.int32), pairs.reshape(len(SEGMENTS), -1), pairs.all(axis=0))


def seen_in(focus, spans):
    """Which rows of a table are in focus."""
    if focus is None:
        return np.ones(len(spans), np.bool_)
    return focus.pairs[focus.rank[spans.segment], spans.person]


def kept(people, offsets, rows) -> KeptStanding:
    none = np.empty(0, np.int64)
    codes = none.astype(np.int32)
    ids = {"due_person": codes, "whos": codes, "owners": codes}
    return KeptStanding(none, codes, people, offsets, **rows, **ids, due_at=none)


def members(spans, person):
    return {
        (code, start, None if end >= FOREVER else end)
        for code, rows in spans.items()
        for start, end in rows.get(person, [])
        if start <= AT < end
    }


def assert_leaving(current: CurrentMemberships, expected) -> None:
    """How many leave by when, and who first, as the dictionary has it."""
    ends = [(code, until) for rows in expected.values() for code, _, until in rows if until]
    for until in (AT, AT + 5):
        counts = Counter(code for code, end in ends if end <= until)
        assert current.leaving(until) == dict(counts)
    for code in SEGMENTS:
        leaving = [
            (person, since, until)
            for person, rows in expected.items()
            for own, since, until in rows
            if own == code and until
        ]
        soonest = sorted(leaving, key=lambda one: (one[2], one[0]))
        assert current.soonest(code, 100) == soonest
        assert current.soonest(code, 2) == soonest[:2]


def test_against_a_dictionary() -> None:
    """Whoever is looked at anew, merged away or new: each person's memberships, and the sizes."""
    rng = random.Random(3)
    for _ in range(50):
        people = sorted(rng.sample(range(20), 8))
        first = made_up(rng, people)
        current = CurrentMemberships.of_everybody(
            np.array(people, np.int32), table(people, first), AT
        )
        expected = {person: members(first, person) for person in people}
        for _ in range(6):
            before = sorted(rng.sample(sorted(expected), rng.randrange(len(expected) + 1)))
            gone = [person for person in before if rng.random() < 0.3]
            after = sorted({*before, *rng.sample(range(20, 40), 2)} - set(gone))
            after = [person for person in after if person in before or person not in expected]
            then = made_up(rng, after)
            seen = {p: set(rng.sample(SEGMENTS, rng.randrange(4))) for p in after if p in before}
            focus = focused(after, seen) if rng.random() < 0.5 else None
            current.replace(
                np.array(before, np.int32),
                np.array(after, np.int32),
                table(after, then).only(seen_in(focus, table(after, then))),
                AT,
                focus,
            )
            for person in gone:
                expected.pop(person)
            for person in after:
                own = SEGMENTS if focus is None else seen.get(person, SEGMENTS)
                stand = {row for row in expected.get(person, ()) if row[0] not in own}
                expected[person] = stand | {r for r in members(then, person) if r[0] in own}
                assert [code for code, _, _ in current.of(person)] == [
                    code for code in SEGMENTS if code in {row[0] for row in expected[person]}
                ]
            assert {p: set(current.of(p)) for p in range(41)} == {
                p: expected.get(p, set()) for p in range(41)
            }
            assert current.people == len(expected)
            people, offsets, rows = current.everybody()
            again = CurrentMemberships.restored(kept(people, offsets, rows))
            assert {p: set(again.of(p)) for p in range(41)} == {
                p: expected.get(p, set()) for p in range(41)
            }
            sizes = Counter(code for rows in expected.values() for code, _, _ in rows)
            assert {code: current.size(code) for code in SEGMENTS} == {
                code: sizes[code] for code in SEGMENTS
            }
            assert_leaving(current, expected)


def test_what_is_kept_fits_the_same_meanings_and_no_earlier_instant() -> None:
    """A store that was put back to an earlier state is evaluated, not believed."""
    nobody = kept(
        np.empty(0, np.int32),
        np.zeros(1, np.int64),
        {name: np.empty(0, np.int64) for name in ("segment", "since", "until")},
    )
    then = replace(nobody, ticked_at=np.array([AT]), codes=np.array([3, 5], np.int32))

    assert then.fits([5, 3], AT)
    assert then.fits([3, 5], AT + 1)
    assert not then.fits([3, 5], AT - 1)
    assert not then.fits([3, 6], AT)


@pytest.mark.parametrize("part", [1, 3, 64])
def test_who_is_in_several_segments_page_by_page(monkeypatch, part):
    """Against a plain dictionary, over people who were looked at since and people who were not:
    everybody once, the last first, with since and until of the first segment; in whatever parts
    they are looked through."""
    monkeypatch.setattr("segue.services.live.current._PART", part)
    rng = random.Random(5)
    people = list(range(0, 90, 2))
    spans = made_up(rng, people)
    current = CurrentMemberships.of_everybody(np.array(people, np.int32), table(people, spans), AT)
    before, after = people[::3], [*people[::6], 91, 95]
    newer = made_up(rng, after)
    current.replace(np.array(before, np.int32), np.array(after, np.int32), table(after, newer), AT)
    inside: dict[int, dict[int, tuple[int, int | None]]] = {}
    for known, whose in ((spans, set(people) - set(before)), (newer, set(after))):
        for person in whose:
            for code in SEGMENTS:
                for start, end in known[code].get(person, []):
                    if start <= AT < end:
                        stay = (start, end if end < FOREVER else None)
                        inside.setdefault(person, {})[code] = stay

    for segments in ([3], [9, 5], [3, 9, 5]):
        wanted = [one for one in sorted(inside, reverse=True) if set(segments) <= set(inside[one])]
        found, cursor = [], None
        while page := current.inside(segments, cursor, 4):
            found += page
            cursor = page[-1][0]
        assert found == [(one, *inside[one][segments[0]]) for one in wanted]
    assert (
        CurrentMemberships.of_everybody(
            np.empty(0, np.int32), table([], {code: {} for code in SEGMENTS}), AT
        ).inside([3], None, 5)
        == []
    )
