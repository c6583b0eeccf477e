"""The engine agrees with every row of the table of rules."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY
from tests.fuzz.compare import compare
from tests.fuzz.worlds import CaseWorld
from tests.oracle.cases import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_history_and_now_follow_the_rule(case: Case):
    """Spans, truth and the instant of leaving are the oracle's, at several instants."""
    ats = tuple(case.zero + at for at in (100 * DAY, 2 * DAY, DAY))
    world = CaseWorld(case.definitions(), tuple(case.log()), ats)
    assert compare(world) == []
