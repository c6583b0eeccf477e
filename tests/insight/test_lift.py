"""Lift against a holdout: what is said, and how often it is wrong."""

from __future__ import annotations

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from segue.insight.lift import Arm, Finding, check_split, measure, watch
from segue.insight.shares import Mean, Share

DAYS = 60


# ------------------------------------------------------------------------------------ single shares


def test_a_share_has_wilsons_interval() -> None:
    share = Share.measured(8, 100)

    low, high = proportion_confint(8, 100, method="wilson")
    assert share.value == 0.08
    assert (share.interval.low, share.interval.high) == pytest.approx((low, high))
    assert 0.08 in share.interval


def test_a_share_of_nobody_has_no_value() -> None:
    assert Share.measured(0, 0) == Share(0, 0, None)
    assert Share.measured(0, 0).value is None
    with pytest.raises(ValueError, match="3 of 2"):
        Share.measured(3, 2)


def test_a_mean_has_students_interval() -> None:
    """None of one value, and none of values that are all alike."""
    values = np.array([1.0, 2, 2, 4, 7])
    mean = Mean.measured(values.sum(), (values**2).sum(), 5)

    margin = 2.776445105 * values.std(ddof=1) / math.sqrt(5)
    assert mean.value == pytest.approx(3.2)
    assert mean.interval.high - mean.value == pytest.approx(margin, rel=1e-6)
    assert Mean.measured(4.0, 16.0, 1).interval is None
    assert Mean.measured(300.0, 30_000.0, 3).interval is None
    assert Mean.measured(0.1 * 7, 0.01 * 7, 7).interval is None
    assert Mean.measured(0.0, 0.0, 0).value is None


# ------------------------------------------------------------------------------------ what is said


@pytest.mark.parametrize(
    ("treated", "control", "finding"),
    [
        pytest.param((19_000, 2_500), (1_000, 100), Finding.BETTER, id="clearly better"),
        pytest.param((19_000, 1_200), (1_000, 100), Finding.WORSE, id="clearly worse"),
        pytest.param((1_900, 190), (200, 16), Finding.CANNOT_TELL, id="too few to tell"),
        pytest.param((1_900, 190), (100, 9), Finding.CANNOT_TELL, id="nine successes"),
        pytest.param((50, 50), (50, 0), Finding.CANNOT_TELL, id="all and none of few"),
        pytest.param((0, 0), (0, 0), Finding.CANNOT_TELL, id="nobody yet"),
    ],
)
def test_what_is_found(treated, control, finding) -> None:
    assert measure(Arm(*treated), Arm(*control)).finding is finding


def test_the_ranges_hold_what_was_measured_and_agree_with_the_finding() -> None:
    lift = measure(Arm(19_000, 2_500), Arm(1_000, 100))

    assert lift.difference in lift.absolute
    assert lift.ratio in lift.relative
    assert lift.absolute.low > 0
    assert lift.p_value < 0.05
    assert lift.needs is None


def test_the_p_value_is_the_level_at_which_the_range_reaches_nothing() -> None:
    treated, control = Arm(9_000, 1_000), Arm(1_000, 85)
    p_value = measure(treated, control).p_value

    assert 0 < p_value < 1
    assert measure(treated, control, level=1 - p_value).absolute.low == pytest.approx(0, abs=1e-12)


def test_the_range_is_wider_than_for_a_single_look_but_not_much() -> None:
    """The widths of the research note: 1.55 times at 5,000 people, 1.72 times at 1,000."""
    for people, wider in ((1_000, 1.72), (5_000, 1.55), (10_000, 1.56), (50_000, 1.65)):
        arm = Arm(people // 2, people // 10)
        lift = measure(arm, arm)
        once = 1.959964 * math.sqrt(2) * arm.error
        assert lift.absolute.high / once == pytest.approx(wider, abs=0.01)


@pytest.mark.parametrize("rates", [(0.12, 0.10), (0.10, 0.12), (0.5, 0.3)])
def test_so_many_more_people_do_tell(rates) -> None:
    arms = [Arm(500, round(500 * rate)) for rate in rates]
    needs = measure(*arms).needs

    def grown(more: int) -> list[Arm]:
        return [Arm(one.people + more, round((one.people + more) * one.share)) for one in arms]

    if needs is not None:
        assert measure(*grown(needs + 20)).finding is not Finding.CANNOT_TELL
        assert measure(*grown(needs // 2)).finding is Finding.CANNOT_TELL
    else:
        assert measure(*arms).finding is not Finding.CANNOT_TELL


def test_where_nothing_is_seen_it_says_how_many_would_show_a_tenth_more() -> None:
    lift = measure(Arm(1_000, 50), Arm(1_000, 50))

    assert lift.finding is Finding.CANNOT_TELL
    assert 31_234 < lift.needs < 100_000  # the former for one look, at 80 % power


def test_nothing_is_promised_where_nobody_succeeded() -> None:
    assert measure(Arm(1_000, 0), Arm(1_000, 0)).needs is None


def test_what_is_no_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="5 of 4"):
        Arm(4, 5)
    with pytest.raises(ValueError, match="confidence"):
        measure(Arm(1, 0), Arm(1, 0), level=1.0)


# ------------------------------------------------------------------------------- how often it errs


def _looks(rng, shares, rates, per_day: int):
    """The arms at the end of each day, people and successes."""
    counts = rng.multinomial(per_day, shares, size=DAYS)
    hits = rng.binomial(counts, rates)
    return counts.cumsum(0), hits.cumsum(0)


@pytest.mark.parametrize("per_day", [50, 500])
@pytest.mark.parametrize(("rate", "held"), [(0.02, 0.5), (0.1, 0.05), (0.1, 0.5), (0.4, 0.1)])
def test_looking_every_day_for_two_months_is_wrong_at_most_once_in_twenty(
    rate, held, per_day
) -> None:
    """A/A: nothing differs, and whoever looks every day may stop as soon as something seems to."""
    rng = np.random.default_rng(7)
    wrong = naive = 0
    runs = 60
    for _ in range(runs):
        people, hits = _looks(rng, [1 - held, held], [rate, rate], per_day)
        looks = [
            [Arm(int(n), int(k)) for n, k in zip(people[day], hits[day], strict=True)]
            for day in range(DAYS)
        ]
        wrong += any(measure(*arms).finding is not Finding.CANNOT_TELL for arms in looks)
        naive += any(_naively_sure(people[day], hits[day]) for day in range(DAYS))

    assert wrong / runs <= 0.05
    assert naive > wrong


def _naively_sure(people, hits) -> bool:
    if hits.min() == 0 or (people - hits).min() == 0:
        return False
    return bool(proportions_ztest(hits, people)[1] < 0.05)


def test_the_range_covers_the_truth_at_every_look() -> None:
    rng = np.random.default_rng(11)
    truth, missed, runs = 0.03, 0, 100
    for _ in range(runs):
        people, hits = _looks(rng, [0.9, 0.1], [0.13, 0.10], 400)
        ranges = [
            measure(
                *(Arm(int(n), int(k)) for n, k in zip(people[d], hits[d], strict=True))
            ).absolute
            for d in range(DAYS)
        ]
        missed += any(one is not None and truth not in one for one in ranges)

    assert missed / runs <= 0.05


def test_a_real_experiment(real_data) -> None:
    """Hillstrom's e-mails: 64,000 customers in three arms; the figures of the challenge."""
    table = pq.read_table(real_data / "hillstrom.parquet").to_pandas()
    visits = table.groupby("segment")["visit"].agg(["size", "sum"])
    arm = {name: Arm(int(row["size"]), int(row["sum"])) for name, row in visits.iterrows()}
    mens = measure(arm["Mens E-Mail"], arm["No E-Mail"])
    womens = measure(arm["Womens E-Mail"], arm["No E-Mail"])

    assert mens.control.value == pytest.approx(0.1062, abs=5e-5)
    assert mens.difference == pytest.approx(0.0766, abs=5e-5)
    assert womens.difference == pytest.approx(0.0452, abs=5e-5)
    assert mens.finding is womens.finding is Finding.BETTER
    assert mens.difference in mens.absolute
    split = check_split([one.people for one in arm.values()], [1, 1, 1])
    assert not split.is_suspect


# ------------------------------------------------------------------------------------ other checks


@pytest.mark.parametrize(
    ("people", "shares", "suspect"),
    [
        pytest.param((950, 50), (0.95, 0.05), False, id="as meant"),
        pytest.param((940, 60), (0.95, 0.05), False, id="by chance"),
        pytest.param((900, 100), (0.95, 0.05), True, id="twice as many held out"),
        pytest.param((500, 500, 400), (1, 1, 1), True, id="a variant lost people"),
        pytest.param((0, 0), (1, 1), False, id="nobody yet"),
        pytest.param((7,), (1,), False, id="one arm"),
    ],
)
def test_a_split_that_chance_did_not_make(people, shares, suspect) -> None:
    assert check_split(people, shares).is_suspect is suspect


def test_a_split_needs_a_share_for_each_arm() -> None:
    with pytest.raises(ValueError, match="share"):
        check_split((1, 2), (1,))
    with pytest.raises(ValueError, match="share"):
        check_split((1, 2), (1, 0))


def test_harm_is_certain_only_when_it_is() -> None:
    assert watch(Arm(1_000, 40), 0.02).is_certain
    assert not watch(Arm(1_000, 25), 0.02).is_certain
    assert not watch(Arm(1, 1), 0.05).is_certain
    assert watch(Arm(5, 5), 0.02).is_certain
    assert watch(Arm(0, 0), 0.02).least == 0
    assert watch(Arm(500, 0), 0.02).least == 0


def test_harm_is_imagined_at_most_once_in_twenty_however_often_one_looks() -> None:
    rng = np.random.default_rng(3)
    runs, borne, wrong = 200, 0.02, 0
    for _ in range(runs):
        hurt = rng.binomial(30, borne, size=DAYS).cumsum()
        wrong += any(watch(Arm(30 * (d + 1), int(hurt[d])), borne).is_certain for d in range(DAYS))

    assert wrong / runs <= 0.05
