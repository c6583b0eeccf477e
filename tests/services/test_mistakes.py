"""Each mistake is found where it is made, counted right, and not where it is not made."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from segue.domain.instant import DAY, FOREVER, HOUR, WEEK
from segue.language.parse import parse_condition
from segue.language.tree import Definitions, Everyone, Segment
from segue.services.mistakes import (
    QUIET,
    Mistake,
    assuming_permanence,
    ignoring_inactivity,
    ignoring_timing,
    most_striking,
    over_segmenting,
    treating_all_the_same,
)
from segue.services.summarise import COUNTED
from segue.services.view import View
from segue.timeline.spans import Spans, no_spans
from tests.services.test_memberships import spans

T = 100 * WEEK
N = 100
Person = list[tuple[int, int]]


def people(*kinds: tuple[int, Person]) -> Spans:
    """So many people with these spans each; the rest of the hundred has none."""
    rows = [spans_ for count, spans_ in kinds for _ in range(count)]
    return spans(*rows, *([] for _ in range(N - len(rows))))


def view(quiet: int = 0, **segments: Spans) -> View:
    everybody: Person = [(0, FOREVER)]
    chosen = tuple(Segment(name, name.title(), Everyone()) for name in segments)
    return View(
        Definitions((*chosen, QUIET)),
        {
            **segments,
            QUIET.id: people((quiet, everybody)) if quiet else no_spans(N),
            COUNTED: people((N, everybody)),
        },
        pa.array([f"p{index:03}" for index in range(N)]),
        T,
    )


NOON = T - 10 * DAY + 12 * HOUR
CASES: dict[str, tuple[Callable[[View], Mistake | None], View, str | None]] = {
    "stays between two midnights": (
        ignoring_timing,
        view(carts=people((60, [(NOON, NOON + HOUR)]), (40, [(NOON, NOON + DAY)]))),
        "60 of the 100 stays in “Carts” that have ended",
    ),
    "stays over midnight": (
        ignoring_timing,
        view(carts=people((100, [(NOON, NOON + DAY)]))),
        None,
    ),
    "a stay that begins at midnight is seen": (
        ignoring_timing,
        view(carts=people((100, [(T - 2 * DAY, T - 2 * DAY + 1)]))),
        None,
    ),
    "too few stays to say anything": (
        ignoring_timing,
        view(carts=people((19, [(NOON, NOON + HOUR)]))),
        None,
    ),
    "stays that have not ended": (
        ignoring_timing,
        view(carts=people((100, [(T - HOUR, T + HOUR)]))),
        None,
    ),
    "members of four weeks ago who are gone": (
        assuming_permanence,
        view(power=people((40, [(0, T - WEEK)]), (40, [(0, FOREVER)]))),
        "Of the 80 people in “Power” four weeks ago, 40 (50 %) are not in it now",
    ),
    "members who stayed": (
        assuming_permanence,
        view(power=people((80, [(0, FOREVER)]))),
        None,
    ),
    "members who came back": (
        assuming_permanence,
        view(power=people((80, [(0, T - 3 * WEEK), (T - WEEK, FOREVER)]))),
        None,
    ),
    "many who did nothing for a month": (
        ignoring_inactivity,
        view(quiet=40, power=no_spans(N)),
        "40 of 100 people (40 %) did nothing in the last 30 days",
    ),
    "few who did nothing for a month": (ignoring_inactivity, view(quiet=10), None),
    "two segments of the same people": (
        over_segmenting,
        view(a=people((50, [(0, FOREVER)])), b=people((45, [(0, FOREVER)]))),
        "“A” and “B” are nearly the same people: 90 %",
    ),
    "two segments that overlap by half": (
        over_segmenting,
        view(a=people((50, [(0, FOREVER)])), b=people((25, [(0, FOREVER)]))),
        None,
    ),
    "a segment that is everybody": (
        treating_all_the_same,
        view(a=people((95, [(0, FOREVER)]))),
        "“A” holds 95 % of all people",
    ),
    "a segment that is most people": (
        treating_all_the_same,
        view(a=people((80, [(0, FOREVER)]))),
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_found_where_it_is(case: str) -> None:
    """With the numbers of the log; and not found where it is not made."""
    find, seen, expected = CASES[case]

    found = find(seen)

    assert (found is None) == (expected is None), found
    if found is not None and expected is not None:
        assert expected in found.finding
        assert found.advice
        assert 0 < found.striking <= 1


def test_everybody_is_new_only_once() -> None:
    """Leaving `first … within` is no change of behaviour."""
    seen = view(new=people((80, [(T - 5 * WEEK, T - WEEK)])))
    new = Segment("new", "New", parse_condition("first signed_up within 28 days"))
    known = Definitions((new, QUIET))

    assert assuming_permanence(seen) is not None
    assert assuming_permanence(View(known, seen.spans, seen.person_ids, T)) is None


def test_the_most_striking_one_is_told() -> None:
    """Of several, the largest; of none, that nobody was ever asked why."""
    several = view(
        quiet=30,
        carts=people((90, [(NOON, NOON + HOUR)])),
        a=people((50, [(0, FOREVER)])),
        b=people((45, [(0, FOREVER)])),
    )
    nothing = view(a=people((30, [(0, FOREVER)])))

    assert getattr(most_striking(several, voices=0), "name", None) == "Ignoring timing"
    assert getattr(most_striking(nothing, voices=0), "name", None) == "Relying on numbers alone"
    assert most_striking(nothing, voices=3) is None
