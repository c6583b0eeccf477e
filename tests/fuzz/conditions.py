"""Random condition trees over every form of the language, from small shared pools so that they hit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, WEEK
from segue.language import canonical
from segue.language import tree as n

DURATIONS = (
    SECOND, 10 * SECOND, 30 * MINUTE, HOUR, 90 * MINUTE, DAY - SECOND, DAY, 25 * HOUR, 2 * DAY,
    3 * DAY, WEEK,
)  # fmt: skip

PLAIN_NAMES = ("a", "b", "c", "buy", "page", "Page Viewed", "odd.name", "nightly job")
OWN_NAMES = ("$message_shown", "$message_clicked", "$survey_answered", "$message_delivered")
PROFILE_NAMES = ("$identify", "$set", "$set_once", "$unset", "$create_alias")
DERIVED_NAMES = ("$session_started", "$session_ended", "$page_left")
PREFIXES = ("$session_*", "$*", "Page*", "b*", "$s*")

NUMBER_LITERALS = tuple(
    Decimal(text)
    for text in ("0", "1", "2", "3", "10", "10.5", "-3", "0.000001", "100", "9007199254740993")
)
TEXT_LITERALS = (
    "pro", "free", "10", "1", "true", "/pricing", "/", "/pricing/é", "", "pr", "p", "o", "É", "-3",
    "2", "10.5",
)  # fmt: skip
REGEXES = ("^/pri", "pro|free", "[0-9]+$", "é", "^$", "r.e", "(?i)PRO")

LIKELY = {
    "n": NUMBER_LITERALS[:7],
    "amount": NUMBER_LITERALS[:7],
    "age": NUMBER_LITERALS[:7],
    "plan": ("pro", "free", "/pricing", "true"),
    "path": ("/pricing", "/", "/pricing/é", "É"),
    "email": ("pro", "free", "", "/"),
}
"""Literals that values of these properties often are."""

EVENT_PATHS = (
    ("amount",), ("n",), ("path",), ("vip",), ("plan",), ("cart", "total"), ("odd.key", "total"),
    ("due",), ("mixed",), ("never",),
)  # fmt: skip
DERIVED_PATHS = (("path",), ("referrer",), ("utm_source",), ("duration",), ("events",), ("pages",),
    ("time_on_page",))  # fmt: skip
TRAIT_PATHS = (("plan",), ("vip",), ("age",), ("due",), ("address", "city"), ("email",), ("never",))


@dataclass
class Conditions:
    """A source of random conditions for one world.

    `rng` is the randomness, `durations` the pool that the world's gaps are also taken from,
    `moments` the dates and instants worth naming, `segments` the ids that may be referred to.
    """

    rng: object
    durations: tuple
    moments: tuple
    segments: tuple = ()
    quantiles: bool = True

    # ----------------------------------------------------------------------------------- values

    def duration(self):
        return self.rng.choice(self.durations)

    def moment(self):
        return n.Moment(self.rng.choice(self.moments))

    def literal(self):
        return self.rng.choice(NUMBER_LITERALS if self.rng.random() < 0.5 else TEXT_LITERALS)

    def test(self, paths):
        likely = [path for path in paths if path[0] in LIKELY]
        path = self.rng.choice(likely if self.rng.random() < 0.45 else paths)
        op = self.rng.choice(tuple(n.Op))
        if path == ("due",) and self.rng.random() < 0.8:
            op = self.rng.choice((n.Op.BEFORE, n.Op.AFTER, n.Op.WITHIN_LAST, n.Op.WITHIN_NEXT))
        return n.Test(path, op, self.operand(op, path), self.rng.random() < 0.4)

    def operand(self, op, path):
        if op in (n.Op.EQ, n.Op.LT, n.Op.LE, n.Op.GT, n.Op.GE):
            return self.rng.choice(LIKELY.get(path[0], NUMBER_LITERALS + TEXT_LITERALS))
        if op is n.Op.IN:
            likely = LIKELY.get(path[0], NUMBER_LITERALS + TEXT_LITERALS)
            return tuple(self.rng.sample(likely, self.rng.randint(2, 3)))
        if op in (n.Op.CONTAINS, n.Op.STARTS_WITH, n.Op.ENDS_WITH):
            return self.rng.choice(
                ("/", "p", "o", "é", "pro", "") if path[0] in LIKELY else TEXT_LITERALS
            )
        if op is n.Op.MATCHES:
            return self.rng.choice(REGEXES)
        if op in (n.Op.WITHIN_LAST, n.Op.WITHIN_NEXT):
            return self.duration()
        if op in (n.Op.BEFORE, n.Op.AFTER):
            return self.moment()
        return None

    def filter(self, paths, depth=2, outer=None):
        kind = self.rng.random()
        if depth == 0 or kind < 0.6:
            return self.test(paths)
        if kind < 0.7 and outer is not n.FilterNot:
            return n.FilterNot(self._joined(paths, depth, outer))
        return self._joined(paths, depth, outer)

    def _joined(self, paths, depth, outer):
        kinds = [k for k in (n.FilterAnd, n.FilterOr) if k is not outer]
        kind = self.rng.choice(kinds)
        return kind(tuple(self.filter(paths, depth - 1, kind) for _ in range(2)))

    # ---------------------------------------------------------------------------------- patterns

    def pattern(self, where=0.25):
        kind = self.rng.random()
        if kind < 0.55:
            return self._named((self._name(),), where)
        if kind < 0.7:
            return self._named((), where)
        if kind < 0.85:
            names = tuple(dict.fromkeys(self._name() for _ in range(self.rng.randint(2, 3))))
            return self._named(names, where)
        parts = tuple(dict.fromkeys(self._named((self._name(),), 0.6) for _ in range(2)))
        return n.PatternUnion(parts) if len(parts) > 1 else parts[0]

    def _name(self):
        kind = self.rng.random()
        if kind < 0.68:
            # Few names, so that conditions and events meet.
            text = self.rng.choice(PLAIN_NAMES[:5] if self.rng.random() < 0.8 else PLAIN_NAMES)
        elif kind < 0.83:
            text = self.rng.choice(DERIVED_NAMES)
        elif kind < 0.9:
            text = self.rng.choice(PREFIXES)
        elif kind < 0.95:
            text = self.rng.choice(OWN_NAMES)
        else:
            text = self.rng.choice(PROFILE_NAMES)
        return n.Name(text, quoted=True)

    def _named(self, names, where):
        derived = any(name.text in DERIVED_NAMES or name.is_prefix for name in names)
        paths = EVENT_PATHS + DERIVED_PATHS * derived
        rule = self.filter(paths) if self.rng.random() < where else None
        return n.EventPattern(names, rule)

    def sequence(self):
        steps = []
        for _ in range(self.rng.choice((1, 1, 2, 2, 3))):
            absent = self.rng.random() < 0.3
            within = self.duration() if absent or self.rng.random() < 0.6 else None
            steps.append(n.Step(self.pattern(0.15), within, absent))
        longest = self.duration() if self.rng.random() < 0.3 else None
        return n.Sequence(self.pattern(0.15), tuple(steps), longest)

    def happening(self, crossing=False):
        kind = self.rng.random()
        if crossing and self.segments and kind < 0.12:
            edge = self.rng.choice(("entered", "left"))
            return n.Crossing(edge, self.rng.choice(self.segments))
        return self.sequence() if kind < 0.3 else self.pattern()

    # ----------------------------------------------------------------------------------- windows

    def when(self, periods=False):
        kind = self.rng.randrange(10 if periods else 9)
        if kind == 0:
            return n.Ever()
        if kind <= 2:
            return n.Within(self.duration())
        if kind == 3:
            older, newer = self.duration(), self.duration()
            if older == newer:
                older += DAY
            return n.Between(max(older, newer), min(older, newer))
        if kind == 4:
            return n.Since(self.moment())
        if kind == 5:
            return n.Before(self.moment())
        if kind == 9:
            of = self.rng.randint(1, 4)
            return n.Periods(self.rng.randint(1, of), of, self.rng.choice((DAY, WEEK)))
        which, anchor = self.rng.choice(tuple(n.Which)), self.pattern(0.15)
        if kind == 6:
            return n.SinceAnchor(which, anchor)
        if kind == 7:
            return n.WithinAfter(self.duration(), which, anchor)
        return n.BeforeAnchor(which, anchor)

    # ----------------------------------------------------------------------------------- amounts

    def amount(self, measures=tuple(n.Measure)):
        measure = self.rng.choice(measures)
        if measure is n.Measure.COUNT:
            return n.Amount(measure, self.happening())
        if self.rng.random() < 0.55:
            # The plainest kind, which most often has a value.
            pattern = n.EventPattern(
                self.rng.choice(((), (n.Name("a", True),), (n.Name("b", True),)))
            )
            return n.Amount(measure, pattern, self.rng.choice((("amount",), ("n",))))
        pattern = self.pattern()
        names = getattr(pattern, "names", ())
        derived = any(name.text in DERIVED_NAMES or name.is_prefix for name in names)
        if derived and self.rng.random() < 0.8:
            return n.Amount(measure, pattern, self.rng.choice(DERIVED_PATHS))
        favoured = (("amount",), ("n",), ("mixed",), ("cart", "total"), ("odd.key", "total"))
        paths = favoured if self.rng.random() < 0.8 else EVENT_PATHS
        return n.Amount(measure, pattern, self.rng.choice(paths))

    def percent(self):
        return Decimal(self.rng.choice(("10", "33.3", "50", "66.7", "99.9", "100", "25", "150")))

    # -------------------------------------------------------------------------------- conditions

    def condition(self, depth=2, outer=None):
        """A random condition in canonical form."""
        if depth == 0 or self.rng.random() < 0.6:
            return self.leaf()
        kind = self.rng.choice((n.And, n.Or, n.Not, n.ForAtLeast))
        if kind is n.ForAtLeast:
            return n.ForAtLeast(self.condition(depth - 1), self.duration())
        if kind is n.Not:
            return n.Not(self._negatable(depth - 1))
        if kind is outer:
            return self.leaf()
        terms = tuple(self.condition(depth - 1, kind) for _ in range(self.rng.randint(2, 3)))
        return kind(terms)

    def _negatable(self, depth):
        while True:
            term = self.condition(depth)
            plain = isinstance(term, n.Did | n.DidSomeOf) and not isinstance(
                term.when, n.SinceAnchor | n.WithinAfter | n.BeforeAnchor | n.Periods
            )
            if not plain and not isinstance(term, n.Not | n.Trait):
                return term

    def leaf(self):
        """A random condition that is not a combination of others."""
        makers = [
            self.did, self.did, self.did, self.some_of, self.age, self.has, self.amount_is,
            self.amount_is, self.versus, self.trait, self.trait, self.everyone, self.in_segment,
        ]  # fmt: skip
        if self.quantiles:
            makers += [self.quantile]
        return self.rng.choice(makers)()

    def everyone(self):
        return n.Everyone() if self.rng.random() < 0.3 else self.did()

    def _count(self):
        # All six, as the language has them; the constructors make `> n` and `< n` canonical.
        comparison = self.rng.choice((n.Comparison.GE, *n.Comparison))
        return comparison, self.rng.choice((0, 1, 1, 2, 2, 3, 5))

    def did(self):
        comparison, count = self._count()
        unit = self.rng.choice((n.Unit.TIMES, n.Unit.TIMES, n.Unit.DAYS))
        happening, when = self.happening(crossing=True), self.when(periods=True)
        if comparison is n.Comparison.NE and _negates(when, isinstance(happening, n.Crossing)):
            comparison = n.Comparison.GE
        return canonical.did(happening, comparison, count, unit, when)

    def some_of(self):
        patterns = tuple(dict.fromkeys(self.pattern() for _ in range(self.rng.randint(2, 4))))
        comparison, count = self._count()
        count, when = min(count, len(patterns)), self.when(periods=True)
        if comparison is n.Comparison.NE and _negates(when, False):
            comparison = n.Comparison.GE
        return canonical.did_some_of(patterns, comparison, count, when)

    def age(self):
        which = self.rng.choice(tuple(n.Which))
        comparisons = [c for c in n.Comparison if (which, c) != (n.Which.LAST, n.Comparison.LT)]
        return n.Age(which, self.happening(), self.rng.choice(comparisons), self.duration())

    def has(self):
        pattern = self.pattern() if self.rng.random() < 0.6 else self._named((), 0)
        names = getattr(pattern, "names", ())
        derived = any(name.text in DERIVED_NAMES or name.is_prefix for name in names)
        rule = self.filter(EVENT_PATHS + DERIVED_PATHS * derived)
        return n.Has(self.rng.choice(tuple(n.Which)), pattern, rule)

    def amount_is(self):
        amount = self.amount()
        values = (0, 1, 2, 3, 10, 12, -3, 5)
        value = self.rng.choice(values) * 10**6
        if amount.measure is n.Measure.COUNT:
            value += 500_000
        elif self.rng.random() < 0.2:
            value += self.rng.choice((1, -1, 500_000))
        return n.AmountIs(amount, self.rng.choice(tuple(n.Comparison)), value, self.when())

    def versus(self):
        left, right = self.amount(), self.amount()
        if self.rng.random() < 0.5:
            right = left
        percent = Decimal(100) if self.rng.random() < 0.4 else self.percent()
        comparison = self.rng.choice(tuple(n.Comparison))
        return n.AmountVersus(left, self.when(), comparison, right, self.when(), percent)

    def trait(self):
        return n.Trait(self.test(TRAIT_PATHS if self.rng.random() < 0.5 else TRAIT_PATHS[:4]))

    def in_segment(self):
        return n.InSegment(self.rng.choice(self.segments)) if self.segments else self.did()

    def quantile(self):
        side = self.rng.choice(tuple(n.Side))
        percent = min(self.percent(), Decimal(100))
        if self.rng.random() < 0.25:
            which = self.rng.choice(tuple(n.Which))
            kind = self.sequence() if self.rng.random() < 0.2 else self.pattern()
            return n.Quantile(side, percent, n.AgeAmount(which, kind))
        return n.Quantile(side, percent, self.amount(), self.when())


def _negates(when, crossing):
    """Whether "not exactly n" in such a window is only said as `not (… exactly n …)`."""
    anchored = isinstance(when, n.SinceAnchor | n.WithinAfter | n.BeforeAnchor)
    return isinstance(when, n.Periods) or (crossing and anchored)
