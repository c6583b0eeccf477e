"""Every condition of the language has an evaluator and an explainer; a new one names what it lacks."""

import typing

import pytest

from segue.language import tree
from segue.timeline.conditions import HOLDS
from segue.timeline.explain import EXPLAINERS

CONDITIONS = typing.get_args(tree.Condition)


@pytest.mark.parametrize("node", CONDITIONS, ids=lambda node: node.__name__)
def test_a_condition_can_be_evaluated_and_explained(node: type) -> None:
    """One node, one evaluator, one explainer."""
    assert node in HOLDS
    assert node in EXPLAINERS


def test_nothing_else_is_evaluated() -> None:
    """An evaluator of a node that the language cannot say is dead code."""
    assert HOLDS.keys() | EXPLAINERS.keys() == set(CONDITIONS)
