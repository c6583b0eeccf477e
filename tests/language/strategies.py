"""Hypothesis strategies for every node of the tree, always in canonical form.

`conditions(Vocabulary(...))` draws conditions over given names; the defaults draw names that are
hard to print. All nodes are made by the constructors of `segue.language.canonical`, so that what
they draw is what the parser makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import ParamSpec, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from segue.domain.instant import DAY, HOUR, LONGEST_DURATION, MINUTE, SECOND, WEEK
from segue.language import canonical, patterns
from segue.language.lexicon import is_bare
from segue.language.tree import (
    AgeAmount,
    Amount,
    Before,
    BeforeAnchor,
    Between,
    Comparison,
    Condition,
    Crossing,
    EventPattern,
    Ever,
    Everyone,
    Filter,
    Has,
    InSegment,
    Literal,
    Measure,
    Moment,
    Name,
    Op,
    Path,
    Pattern,
    Sequence,
    Side,
    Since,
    SinceAnchor,
    Step,
    Test,
    Trait,
    Unit,
    When,
    Which,
    Within,
    WithinAfter,
)

BARE_CHARACTERS = "abcxyzABC019_$-/:äß"


def _bare_names() -> SearchStrategy[str]:
    return st.text(BARE_CHARACTERS, min_size=1, max_size=6).filter(is_bare)


def _texts() -> SearchStrategy[str]:
    odd = st.sampled_from(
        ["", "and", '"', "\\", "\\n", "\n", "a b", "10", "#", "'", "*", "é", "😀"]
    )
    return odd | st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


def _names() -> SearchStrategy[Name]:
    quoted = _texts().filter(lambda text: text not in {"", "*"})
    return _bare_names().map(Name) | quoted.map(lambda text: Name(text, quoted=True))


def _paths() -> SearchStrategy[Path]:
    key = _bare_names() | _texts()
    return st.lists(key, min_size=1, max_size=3).map(tuple)


def _numbers() -> SearchStrategy[Decimal]:
    whole = st.integers(-(10**20), 10**20).map(Decimal)
    small = st.integers(-(10**6), 10**6).map(lambda n: canonical.plain(Decimal(n) / 1000))
    return whole | small


def _values() -> SearchStrategy[Decimal]:
    """Numbers that an amount can be compared with."""
    return st.integers(-(10**12), 10**12).map(lambda n: canonical.plain(Decimal(n) / 10**6))


def _durations() -> SearchStrategy[int]:
    unit = st.sampled_from([SECOND, MINUTE, HOUR, DAY, WEEK])
    return st.tuples(st.integers(1, 40), unit).map(
        lambda pair: pair[0] * pair[1]
    ) | st.sampled_from([LONGEST_DURATION, SECOND])


def _moments() -> SearchStrategy[Moment]:
    return st.sampled_from(
        [
            "2026-05-01",
            "2024-02-29",
            "1970-01-01",
            "2026-05-01T10:00",
            "2026-05-01T10:00:59.123",
            "2026-05-01T10:00:00Z",
            "2026-05-01T23:59:60.5+05:30",
        ]
    ).map(Moment)


def _percents() -> SearchStrategy[Decimal]:
    return st.integers(1, 1000).map(lambda n: canonical.plain(Decimal(n) / 10))


@dataclass(frozen=True, eq=False, repr=False)
class Vocabulary:
    """The leaves: which names, paths, literals, durations and dates conditions are made of."""

    names: SearchStrategy[Name] = field(default_factory=_names)
    properties: SearchStrategy[Path] = field(default_factory=_paths)
    traits: SearchStrategy[Path] = field(default_factory=_paths)
    segments: SearchStrategy[str] = field(
        default_factory=lambda: _bare_names() | _texts().filter(bool)
    )
    texts: SearchStrategy[str] = field(default_factory=_texts)
    regexes: SearchStrategy[str] = field(
        default_factory=lambda: st.sampled_from([r"^/p\d+$", "a|b", r"[(\]]", r"\(\\", ""])
    )
    numbers: SearchStrategy[Decimal] = field(default_factory=_numbers)
    values: SearchStrategy[Decimal] = field(default_factory=_values)
    counts: SearchStrategy[int] = field(default_factory=lambda: st.integers(0, 5))
    durations: SearchStrategy[int] = field(default_factory=_durations)
    moments: SearchStrategy[Moment] = field(default_factory=_moments)
    percents: SearchStrategy[Decimal] = field(default_factory=_percents)
    period_counts: SearchStrategy[int] = field(default_factory=lambda: st.integers(1, 6))

    @property
    def literals(self) -> SearchStrategy[Literal]:
        """A number or a text."""
        return self.numbers | self.texts


DEFAULT = Vocabulary()

_Drawn = TypeVar("_Drawn")
_Words = ParamSpec("_Words")


def _short(
    make: Callable[_Words, SearchStrategy[_Drawn]],
) -> Callable[_Words, SearchStrategy[_Drawn]]:
    """Made once per vocabulary, and named by a short representation (Hypothesis writes them out)."""

    once = cache(make)

    @st.composite
    def made(draw: st.DrawFn, *words: object, **options: object) -> _Drawn:
        return draw(once(*words, **options))

    return made  # type: ignore[return-value]


COMPARISONS = st.sampled_from(list(Comparison))
ORDERED = st.sampled_from([c for c in Comparison if c is not Comparison.NE])
WHICH = st.sampled_from(list(Which))
TEXT_OPS = (Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH)


def _by_path(
    paths: SearchStrategy[Path], make: Callable[..., Test], *arguments: SearchStrategy[object]
) -> SearchStrategy[Test]:
    return st.tuples(paths, *arguments).map(lambda drawn: make(*drawn))


@_short
def value_tests(paths: SearchStrategy[Path], words: Vocabulary = DEFAULT) -> SearchStrategy[Test]:
    """One test of one value, over every operator, negated or not."""
    plain = st.sampled_from([Op.IS_SET, Op.IS_TRUE, Op.IS_FALSE])
    positive = st.one_of(
        _by_path(
            paths, patterns.compared, st.sampled_from(["=", "<", "<=", ">", ">="]), words.literals
        ),
        _by_path(paths, patterns.one_of, st.lists(words.literals, min_size=1, max_size=4)),
        _by_path(paths, patterns.text_test, st.sampled_from(TEXT_OPS), words.texts),
        _by_path(paths, patterns.text_test, st.just(Op.MATCHES), words.regexes),
        _by_path(paths, Test, plain),
        _by_path(
            paths,
            patterns.relative,
            st.sampled_from([Op.WITHIN_LAST, Op.WITHIN_NEXT]),
            words.durations,
        ),
        _by_path(paths, patterns.dated, st.sampled_from([Op.BEFORE, Op.AFTER]), words.moments),
    )
    return positive | positive.map(lambda test: test.complement)


@_short
def filters(words: Vocabulary = DEFAULT, max_leaves: int = 6) -> SearchStrategy[Filter]:
    """A test, or and, or, not over tests of properties."""
    return st.recursive(
        value_tests(words.properties, words),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(patterns.every_filter),
            st.lists(inner, min_size=2, max_size=3).map(patterns.some_filter),
            inner.map(patterns.not_filter),
        ),
        max_leaves=max_leaves,
    )


@_short
def event_patterns(words: Vocabulary = DEFAULT) -> SearchStrategy[EventPattern]:
    """`any`, one name or several, with or without a filter."""
    names = st.lists(words.names, max_size=3)
    return st.builds(patterns.pattern_of, names, st.none() | filters(words, max_leaves=3))


@_short
def sequences(words: Vocabulary = DEFAULT) -> SearchStrategy[Sequence]:
    """A first step and one to three more, present or absent, with or without limits."""
    happen = event_patterns(words)
    present = st.builds(Step, happen, st.none() | words.durations)
    absent = st.builds(lambda e, d: Step(e, d, absent=True), happen, words.durations)
    steps = st.lists(present | absent, min_size=1, max_size=3)
    return st.builds(canonical.sequence, happen, steps, st.none() | words.durations)


@_short
def happenings(words: Vocabulary = DEFAULT) -> SearchStrategy[Pattern | Sequence]:
    """H: a pattern or a sequence."""
    return event_patterns(words) | sequences(words)


@_short
def anchored_windows(words: Vocabulary = DEFAULT) -> SearchStrategy[When]:
    """The windows that exist only once their anchor occurred."""
    anchor = event_patterns(words)
    return st.one_of(
        st.builds(SinceAnchor, WHICH, anchor),
        st.builds(WithinAfter, words.durations, WHICH, anchor),
        st.builds(BeforeAnchor, WHICH, anchor),
    )


def _betweens(words: Vocabulary) -> SearchStrategy[Between]:
    pair = st.tuples(words.durations, words.durations).filter(lambda pair: pair[0] != pair[1])
    return pair.map(lambda pair: canonical.between(max(pair), min(pair)))


@_short
def plain_windows(words: Vocabulary = DEFAULT) -> SearchStrategy[When]:
    """The windows that always exist."""
    return st.one_of(
        st.just(Ever()),
        words.durations.map(Within),
        _betweens(words),
        words.moments.map(Since),
        words.moments.map(Before),
    )


@_short
def windows(words: Vocabulary = DEFAULT) -> SearchStrategy[When]:
    """Every window but the periods."""
    return plain_windows(words) | anchored_windows(words)


@_short
def period_windows(words: Vocabulary = DEFAULT) -> SearchStrategy[When]:
    """`in at least K of the last N days|weeks`."""
    counts = st.tuples(words.period_counts, words.period_counts).map(sorted)
    unit = st.sampled_from([DAY, WEEK])
    return st.builds(lambda pair, size: canonical.periods(pair[0], pair[1], size), counts, unit)


@_short
def counts_of_happenings(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """`did H TIMES WHEN` and `did not …`."""
    unit = st.sampled_from(list(Unit))
    return st.one_of(
        st.builds(
            canonical.did, happenings(words), COMPARISONS, words.counts, unit, windows(words)
        ),
        st.builds(
            canonical.did, happenings(words), ORDERED, words.counts, unit, period_windows(words)
        ),
    )


@_short
def counts_of_crossings(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """`entered SEGMENT TIMES WHEN` and `left SEGMENT TIMES WHEN`."""
    crossing = st.builds(Crossing, st.sampled_from(["entered", "left"]), words.segments)
    unit = st.sampled_from(list(Unit))
    limited = anchored_windows(words) | period_windows(words)
    return st.one_of(
        st.builds(canonical.did, crossing, COMPARISONS, words.counts, unit, plain_windows(words)),
        st.builds(canonical.did, crossing, ORDERED, words.counts, unit, limited),
    )


@_short
def counts_of_several(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """`did at least N of (E1, E2) WHEN` and `did not …`."""
    several = st.lists(event_patterns(words), min_size=1, max_size=3)
    return st.one_of(
        st.builds(canonical.did_some_of, several, COMPARISONS, words.counts, windows(words)),
        st.builds(canonical.did_some_of, several, ORDERED, words.counts, period_windows(words)),
    )


@_short
def ages(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """`time since last|first H CMP D` and its short forms."""
    return st.builds(canonical.age, WHICH, happenings(words), COMPARISONS, words.durations)


@_short
def amounts(words: Vocabulary = DEFAULT) -> SearchStrategy[Amount]:
    """Every measure."""
    measure = st.sampled_from([m for m in Measure if m is not Measure.COUNT])
    return st.one_of(
        happenings(words).map(lambda happening: Amount(Measure.COUNT, happening)),
        st.builds(Amount, measure, event_patterns(words), words.properties),
    )


@_short
def amount_conditions(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """`AMOUNT CMP NUMBER WHEN` and `AMOUNT WHEN CMP P% of AMOUNT WHEN`."""
    amount, when = amounts(words), windows(words)
    percent = words.percents | st.just(Decimal(100))
    windowed = st.tuples(amount, when)
    return st.one_of(
        st.builds(canonical.amount_is, amount, COMPARISONS, words.values, when),
        st.builds(canonical.amount_versus, windowed, COMPARISONS, windowed, percent),
    )


@_short
def quantiles(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """`top|bottom P% by AMOUNT WHEN`."""
    amount = amounts(words) | st.builds(AgeAmount, WHICH, happenings(words))
    side = st.sampled_from(list(Side))
    return st.builds(canonical.quantile, side, words.percents, amount, windows(words))


@_short
def atoms(words: Vocabulary = DEFAULT) -> SearchStrategy[Condition]:
    """Every condition that holds no other one."""
    return st.one_of(
        st.just(Everyone()),
        counts_of_happenings(words),
        counts_of_crossings(words),
        counts_of_several(words),
        ages(words),
        st.builds(Has, WHICH, event_patterns(words), filters(words, max_leaves=3)),
        amount_conditions(words),
        quantiles(words),
        value_tests(words.traits, words).map(Trait),
        words.segments.map(InSegment),
    )


@_short
def conditions(
    words: Vocabulary = DEFAULT,
    *,
    of: SearchStrategy[Condition] | None = None,
    max_leaves: int = 6,
) -> SearchStrategy[Condition]:
    """Atoms (`of`, where given) under and, or, not and `for at least`."""
    return st.recursive(
        atoms(words) if of is None else of,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(canonical.all_of),
            st.lists(inner, min_size=2, max_size=3).map(canonical.any_of),
            inner.map(canonical.negation),
            st.builds(canonical.held_for, inner, words.durations),
        ),
        max_leaves=max_leaves,
    )
