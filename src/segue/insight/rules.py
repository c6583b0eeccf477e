"""A group of people explained by a rule: a shallow tree over features, written in the language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from segue.insight.arrays import Bools
from segue.insight.features import Feature, opposite
from segue.language import canonical
from segue.language.tree import Condition, Everyone

DEPTH: Final = 3
"""How many questions a rule asks about a person at most."""
_WORTH: Final = 0.02
"""What a further question must add to the Jaccard index."""
_LEAST: Final = 5


@dataclass(frozen=True, slots=True)
class Match:
    """How well a rule names a group: `both` of the `rule` people whom it holds for are among the
    `group` people."""

    both: int
    rule: int
    group: int

    @classmethod
    def measured(cls, rule: Bools, group: Bools) -> Match:
        """The match of two sets of the same people, bool[N] each."""
        return cls(int((rule & group).sum()), int(rule.sum()), int(group.sum()))

    @property
    def precision(self) -> float | None:
        """Which part of the rule's people is in the group; None where it has nobody."""
        return self.both / self.rule if self.rule else None

    @property
    def recall(self) -> float | None:
        """Which part of the group the rule holds for; None where the group is empty."""
        return self.both / self.group if self.group else None

    @property
    def jaccard(self) -> float:
        """People in both over people in either; 0 where both are empty."""
        either = self.rule + self.group - self.both
        return self.both / either if either else 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that stands for a group, whom it holds for (bool[N] of the people it was made
    with) and how well it matches."""

    condition: Condition
    holds: Bools
    match: Match


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether somebody has at least so much of a feature."""

    feature: Feature
    threshold: Decimal
    yes: bool

    @property
    def condition(self) -> Condition:
        asked = self.feature.writing.condition(self.threshold)
        return asked if self.yes else opposite(asked)

    @property
    def holds(self) -> Bools:
        found = self.feature.at_least(self.threshold)
        return found if self.yes else ~found


_Path = tuple[_Question, ...]


def explain(features: Sequence[Feature], inside: Bools, *, most: int = DEPTH) -> Rule:
    """The rule that names a group best, out of decision trees of at most so many questions deep; a
    further question only where it is worth it.

    features: of the same N people; inside: bool[N], at least one of
    them True. Thresholds are rounded, so that people can read them; the match is that of the
    rounded rule. Breiman et al. 1984, as scikit-learn has it.
    """
    levels = [np.unique(one.value, return_inverse=True) for one in features]
    codes = np.column_stack([code for _, code in levels]).astype(np.float32)
    best: Rule | None = None
    for depth in range(1, most + 1):
        for weight in (None, "balanced"):
            tree = _fitted(codes, inside, depth, weight)
            paths = _chosen(list(_paths(tree, 0, (), features, [one for one, _ in levels])), inside)
            found = _rule(paths, inside)
            if best is None or found.match.jaccard > best.match.jaccard + _WORTH * (depth > 1):
                best = found
    assert best is not None, "one tree at least was grown"
    return best


def _fitted(codes: Any, inside: Bools, depth: int, weight: str | None) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    least = max(_LEAST, int(0.1 * inside.sum()))
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=least, class_weight=weight, random_state=0
    )
    return tree.fit(codes, inside).tree_


def _paths(
    tree: Any, node: int, path: _Path, asked: Sequence[Feature], levels: Sequence[Any]
) -> Iterator[_Path]:
    """Every way from the root to a leaf."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left == right:
        yield path
        return
    place, code = int(tree.feature[node]), int(np.floor(tree.threshold[node]))
    feature, values = asked[place], levels[place]
    threshold = feature.writing.threshold(float(values[code]), float(values[code + 1]))
    for child, yes in ((left, False), (right, True)):
        step = _Question(feature, threshold, yes)
        yield from _paths(tree, child, (*path, step), asked, levels)


def _chosen(paths: Sequence[_Path], inside: Bools) -> list[_Path]:
    """The leaves whose people together are most like the group: the purest first, as long as one
    more helps."""
    held = [_held(path, len(inside)) for path in paths]
    purity = [inside[one].mean() if one.any() else 0.0 for one in held]
    union, best, chosen = np.zeros(len(inside), np.bool_), -1.0, list[_Path]()
    for place in np.argsort(purity)[::-1]:
        jaccard = Match.measured(union | held[place], inside).jaccard
        if jaccard > best + _WORTH * bool(chosen):
            union, best = union | held[place], jaccard
            chosen.append(paths[place])
    return chosen


def _held(path: _Path, people: int) -> Bools:
    found: Bools = np.ones(people, np.bool_)
    for question in path:
        found = found & question.holds
    return found


def _rule(paths: Sequence[_Path], inside: Bools) -> Rule:
    kept = list(dict.fromkeys(_tightest(path) for path in _merged(paths)))
    holds = np.any([_held(path, len(inside)) for path in kept], axis=0)
    return Rule(
        canonical.any_of([_written(path) for path in kept]), holds, Match.measured(holds, inside)
    )


def _written(path: _Path) -> Condition:
    return canonical.all_of([one.condition for one in path]) if path else Everyone()


def _merged(paths: Sequence[_Path]) -> list[_Path]:
    """The same people in fewer words: two ways that differ in their last answer are one way without
    that question."""
    found = list(paths)
    while True:
        twins = [
            (one, other)
            for place, one in enumerate(found)
            for other in found[place + 1 :]
            if len(one) == len(other) and one and _same(one[:-1], other[:-1])
            if _asks(one[-1]) == _asks(other[-1]) and one[-1].yes != other[-1].yes
        ]
        if not twins:
            return found
        one, other = twins[0]
        found = [path for path in found if path is not one and path is not other]
        found.append(one[:-1])


def _same(one: _Path, other: _Path) -> bool:
    return [(_asks(q), q.yes) for q in one] == [(_asks(q), q.yes) for q in other]


def _asks(question: _Question) -> tuple[int, Decimal]:
    return id(question.feature), question.threshold


def _tightest(path: _Path) -> _Path:
    """Of several questions about one feature with the same answer only the tightest."""
    kept: dict[tuple[int, bool], _Question] = {}
    for one in path:
        key = id(one.feature), one.yes
        before = kept.get(key)
        if before is None or (one.threshold > before.threshold) == one.yes:
            kept[key] = one
    return tuple(kept.values())
