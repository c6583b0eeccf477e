"""Whether a campaign may speak to the same person again."""

import dataclasses

import pytest

from segue.domain.campaigns import Moment, Schedule, When
from segue.domain.instant import DAY, HOUR
from segue.services.acting.repeating import may_repeat
from tests.services.acting.test_results import CAMPAIGN

MONDAYS = Schedule((0,), 9 * 60)


@pytest.mark.parametrize(
    ("when", "last", "moment", "may"),
    [
        pytest.param(When(Moment.ENTERING), None, 0, True, id="the first one"),
        pytest.param(When(Moment.ENTERING), 0, 900 * DAY, False, id="never again"),
        pytest.param(When(Moment.ENTERING, again=DAY), 0, DAY, True, id="long enough ago"),
        pytest.param(When(Moment.ENTERING, again=DAY), 0, DAY - 1, False, id="too soon"),
        pytest.param(
            When(Moment.ENTERING, delay=HOUR, again=DAY), 0, 23 * HOUR, True, id="due after a delay"
        ),
        pytest.param(When(Moment.SCHEDULE, schedule=MONDAYS), 0, 7 * DAY, True, id="every Monday"),
        pytest.param(
            When(Moment.SCHEDULE, schedule=MONDAYS, again=8 * DAY),
            *(0, 7 * DAY, False),
            id="not every Monday",
        ),
    ],
)
def test_again(when, last, moment, may) -> None:
    assert may_repeat(dataclasses.replace(CAMPAIGN, when=when), last, moment) is may
