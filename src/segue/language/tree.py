"""The canonical tree of the segment language: frozen nodes, one form per meaning.

A condition is a tree of these nodes; equal meanings that the language can write in several ways
are one tree (`active on at least 3 days` is `did any on at least 3 days`; `inactive for 7 days` is
`last any more than 7 days ago`; `more than 2 times` is `at least 3 times`; `did not x` is a count
of at most 0). Durations are milliseconds, amounts are fixed point with six decimals (an integer
count of millionths), percentages are `Decimal`. Every node is hashable, so a sub-condition shared
by a hundred segments is evaluated once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, TypeAlias

# --------------------------------------------------------------------------------------- values


class Node:
    """A frozen dataclass that computes its hash once: trees are keys, looked up again and again."""

    __slots__ = ("_hash",)
    __match_args__: ClassVar[tuple[str, ...]]
    _hash: int

    def __init_subclass__(cls) -> None:
        cls.__hash__ = Node.__hash__  # type: ignore[method-assign]  # a dataclass makes none then

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            known = hash((type(self), *(getattr(self, name) for name in self.__match_args__)))
            object.__setattr__(self, "_hash", known)
            return known


class Comparison(StrEnum):
    """How a value is compared with a number."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def negated(self) -> Comparison:
        """The comparison that holds exactly where this one does not (both sides having a value)."""
        return _NEGATED[self]


_NEGATED = {
    Comparison.EQ: Comparison.NE,
    Comparison.NE: Comparison.EQ,
    Comparison.LT: Comparison.GE,
    Comparison.GE: Comparison.LT,
    Comparison.GT: Comparison.LE,
    Comparison.LE: Comparison.GT,
}


class Which(StrEnum):
    """The earliest or the latest occurrence, in event order."""

    FIRST = "first"
    LAST = "last"


Path: TypeAlias = tuple[str, ...]
"""Keys from the outermost to the innermost: `cart.total` is `("cart", "total")`."""

Literal: TypeAlias = Decimal | str
"""A number or a text. Its type decides how a value is read."""


@dataclass(frozen=True, slots=True)
class Moment(Node):
    """A date (`2026-05-01`) or an RFC 3339 instant as written; a zone makes it an instant."""

    text: str

    @property
    def is_date(self) -> bool:
        """Whether it names a whole day, not an instant."""
        return len(self.text) == 10


# -------------------------------------------------------------------------------------- filters


class Op(StrEnum):
    """The positive tests; every negative one is `Test.negated`."""

    EQ = "="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    MATCHES = "matches"
    IS_SET = "is set"
    IS_TRUE = "is true"
    IS_FALSE = "is false"
    WITHIN_LAST = "within last"
    WITHIN_NEXT = "within next"
    BEFORE = "before"
    AFTER = "after"


Operand: TypeAlias = Literal | tuple[Literal, ...] | int | Moment | None
"""By op: a literal; for `in` a tuple of literals; for `within last|next` milliseconds (int); for
`before`/`after` a `Moment`; for `is …` None. `contains`, `starts with`, `ends with` and `matches`
take a `str`."""


@dataclass(frozen=True, slots=True)
class Test(Node):
    """One test of one value: `path starts with "/pricing"`. Negated: exactly the complement."""

    __test__: ClassVar[bool] = False  # a name that pytest would otherwise collect
    path: Path
    op: Op
    operand: Operand = None
    negated: bool = False

    @property
    def complement(self) -> Test:
        """The test that holds exactly where this one does not."""
        return Test(self.path, self.op, self.operand, not self.negated)


@dataclass(frozen=True, slots=True)
class FilterAnd(Node):
    """Every term holds (two or more terms, none itself a FilterAnd)."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class FilterOr(Node):
    """At least one term holds (two or more terms, none itself a FilterOr)."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class FilterNot(Node):
    """The term, a FilterAnd or FilterOr, does not hold (a negated Test says so itself)."""

    term: FilterAnd | FilterOr


Filter: TypeAlias = Test | FilterAnd | FilterOr | FilterNot


# ------------------------------------------------------------------------------------- patterns


@dataclass(frozen=True, slots=True)
class Name(Node):
    """An event or action name. Quoted: always an event, and a final `*` makes it a prefix."""

    text: str
    quoted: bool = False

    @property
    def is_prefix(self) -> bool:
        """Whether it stands for every event whose name starts with the part before the `*`."""
        return self.quoted and self.text.endswith("*")

    def matches(self, event: str) -> bool:
        """Whether it stands for the event of that name."""
        return event.startswith(self.text[:-1]) if self.is_prefix else event == self.text


@dataclass(frozen=True, slots=True)
class EventPattern(Node):
    """Which events match. `names` empty means `any`: every activity of the person."""

    names: tuple[Name, ...] = ()
    where: Filter | None = None

    @property
    def is_any(self) -> bool:
        """Whether it is the pattern `any`."""
        return not self.names


@dataclass(frozen=True, slots=True)
class PatternUnion(Node):
    """Any of several patterns, each with its own filter. Only in resolved trees, where actions that
    carry a filter were expanded inside `any of (…)`; an event that matches several counts once."""

    alternatives: tuple[EventPattern, ...]


Pattern: TypeAlias = EventPattern | PatternUnion
"""What stands where the language says E."""


@dataclass(frozen=True, slots=True)
class Step(Node):
    """A step of a sequence after the first: `then E within D`, or `then not E within D`.

    `within` is the largest gap to the step before, inclusive; None is unlimited (never None where
    `absent`).
    """

    pattern: Pattern
    within: int | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """`(E1 then E2 within D …, all within W)`: occurrences of its last step that end a chain."""

    first: Pattern
    steps: tuple[Step, ...]
    all_within: int | None = None


@dataclass(frozen=True, slots=True)
class Crossing(Node):
    """The instants at which a person entered (left) a segment."""

    edge: str
    """`entered` or `left`."""
    segment: str


Happening: TypeAlias = Pattern | Sequence | Crossing
"""What occurs. A Crossing stands only in `entered S …` and `left S …`."""


# -------------------------------------------------------------------------------------- windows


@dataclass(frozen=True, slots=True)
class Ever(Node):
    """Up to t: `(-inf, t]`."""


@dataclass(frozen=True, slots=True)
class Within(Node):
    """`within D`: `(t - D, t]`."""

    duration: int


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`between D1 and D2 ago`: `(t - older, t - newer]`, older > newer."""

    older: int
    newer: int


@dataclass(frozen=True, slots=True)
class Since(Node):
    """`since DATE`: `[DATE, t]`."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class Before(Node):
    """`before DATE`: `(-inf, DATE)`, and up to t."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class SinceAnchor(Node):
    """`since last|first E`: after that occurrence in event order. Exists once E has occurred."""

    which: Which
    anchor: Pattern


@dataclass(frozen=True, slots=True)
class WithinAfter(Node):
    """`within D after last|first E`: after it, and at most D later (inclusive)."""

    duration: int
    which: Which
    anchor: Pattern


@dataclass(frozen=True, slots=True)
class BeforeAnchor(Node):
    """`before last|first E`: before it in event order. Exists once E has occurred."""

    which: Which
    anchor: Pattern


@dataclass(frozen=True, slots=True)
class Periods(Node):
    """`in at least K of the last N days|weeks`: TIMES holds in K of the N periods
    `(t - (i+1)P, t - iP]`; periods that end before the person is first seen do not count."""

    at_least: int
    of: int
    period: int
    """Length of one period: `DAY` or `WEEK` in milliseconds."""


When: TypeAlias = (
    Ever | Within | Between | Since | Before | SinceAnchor | WithinAfter | BeforeAnchor | Periods
)


# -------------------------------------------------------------------------------------- amounts


class Measure(StrEnum):
    """What an amount does with the occurrences in its window."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    DISTINCT = "distinct"


@dataclass(frozen=True, slots=True)
class Amount(Node):
    """`count(H)`, `sum(E.prop)` and so on; `path` is empty only for `count`."""

    measure: Measure
    happening: Happening
    path: Path = ()


@dataclass(frozen=True, slots=True)
class AgeAmount(Node):
    """`time since last|first H`, as the amount of a quantile."""

    which: Which
    happening: Pattern | Sequence


# ------------------------------------------------------------------------------------ conditions


class Unit(StrEnum):
    """What TIMES counts: occurrences, or calendar days (of the project's zone) with one."""

    TIMES = "times"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Everyone(Node):
    """Holds from the instant the person is first seen."""


@dataclass(frozen=True, slots=True)
class Did(Node):
    """The window exists and the number of occurrences (or days) in it compares so with `count`.

    Comparison is one of `>= <= = !=` (`more than N` is `>= N+1`; `did not … at least N` is
    `<= N-1`; `did not … exactly N` is `!= N`).
    """

    happening: Happening
    comparison: Comparison = Comparison.GE
    count: int = 1
    unit: Unit = Unit.TIMES
    when: When = Ever()


@dataclass(frozen=True, slots=True)
class DidSomeOf(Node):
    """`did at least N of (E1, E2, …) WHEN`: that many of the patterns occurred in the window."""

    patterns: tuple[Pattern, ...]
    comparison: Comparison
    count: int
    when: When = Ever()


@dataclass(frozen=True, slots=True)
class Age(Node):
    """`time since last|first H CMP D`: H has occurred and its age compares so.

    `first H within D` is `first, < D`; `first|last H more than D ago` is `>= D` (at or before
    t - D). `last, < D` does not exist as a tree: it is `did H within D`.
    """

    which: Which
    happening: Pattern | Sequence
    comparison: Comparison
    duration: int


@dataclass(frozen=True, slots=True)
class Has(Node):
    """`last|first E has FILTER`: the latest (first) occurrence of E satisfies FILTER at t."""

    which: Which
    pattern: Pattern
    filter: Filter


@dataclass(frozen=True, slots=True)
class AmountIs(Node):
    """`AMOUNT CMP NUMBER WHEN`. `value` is in millionths. A count compared with a whole number
    is a `Did`."""

    amount: Amount
    comparison: Comparison
    value: int
    when: When = Ever()


@dataclass(frozen=True, slots=True)
class AmountVersus(Node):
    """`AMOUNT WHEN CMP P% of AMOUNT WHEN`; without `P% of`, percent is 100."""

    left: Amount
    left_when: When
    comparison: Comparison
    right: Amount
    right_when: When
    percent: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class Trait(Node):
    """`trait NAME TEST`: the latest value at t satisfies the test (`test.path` is the name)."""

    test: Test


@dataclass(frozen=True, slots=True)
class InSegment(Node):
    """`in SEGMENT`: a member of that segment at t."""

    segment: str


class Side(StrEnum):
    """The upper or the lower end of a ranking."""

    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Quantile(Node):
    """`top|bottom P% by AMOUNT WHEN`: at or beyond the threshold of the latest grid instant."""

    side: Side
    percent: Decimal
    amount: Amount | AgeAmount
    when: When = Ever()


@dataclass(frozen=True, slots=True)
class And(Node):
    """Every term holds (two or more terms, none itself an And)."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """At least one term holds (two or more terms, none itself an Or)."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The complement within `everyone`. Never of a Not; of a Trait only through its test; of a
    Did or DidSomeOf only where the window can fail to exist (an anchor) or is Periods, because
    elsewhere the opposite comparison says the same."""

    term: Condition


@dataclass(frozen=True, slots=True)
class ForAtLeast(Node):
    """`A for at least D`: inside a span of A that began at least D ago."""

    term: Condition
    duration: int


Condition: TypeAlias = (
    Everyone
    | Did
    | DidSomeOf
    | Age
    | Has
    | AmountIs
    | AmountVersus
    | Trait
    | InSegment
    | Quantile
    | And
    | Or
    | Not
    | ForAtLeast
)


# ----------------------------------------------------------------------------- resolved definitions


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment ready to evaluate: actions expanded, ladder level made exclusive.

    `condition` uses only quoted names (events) and the ids of other segments.
    """

    id: str
    title: str
    condition: Condition
    kind: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that evaluation needs to know of a project; no file, no text, no actions left.

    `segments` are in an order in which a segment stands after those that it refers to. `exclude`
    holds for people who are in nothing. `not_activity` are the event names that `any` leaves out
    beside the built-in ones. `page_events` are the names of page events (a final `*` is a prefix);
    `campaign_keys` the properties that a session takes over from its first event.
    """

    segments: tuple[Segment, ...]
    timezone: str = "UTC"
    exclude: Condition | None = None
    not_activity: tuple[str, ...] = ()
    page_events: tuple[str, ...] = ()
    campaign_keys: tuple[str, ...] = ()
    goals: tuple[tuple[str, Pattern, int | None], ...] = field(default=())

    def segment(self, segment_id: str) -> Segment:
        """The segment of that id. Raises `KeyError` where there is none."""
        for segment in self.segments:
            if segment.id == segment_id:
                return segment
        raise KeyError(segment_id)
