"""Which of two kinds of knowledge foretells better: against scikit-learn, and against the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from segue.domain.instant import DAY
from segue.insight.predicting import (
    FEWEST,
    Foretold,
    Known,
    TooFew,
    areas,
    foretell,
    losses,
    split_by_time,
)

PAIRS = (("good", "bad"), ("both", "good"))


@given(st.integers(0, 1_000))
def test_areas_and_losses_are_those_of_scikit_learn(seed: int) -> None:
    """With ties and weights, to 1e-9."""
    random = np.random.default_rng(seed)
    truth = np.concatenate(([True, False], random.random(40) < 0.4))
    score = np.round(random.random(42), 1) * 0.9 + 0.05
    weights = random.integers(0, 3, (3, 42)).astype(float)
    weights[:, :2] = 1

    expected = [roc_auc_score(truth, score, sample_weight=one) for one in weights]

    assert areas(score, truth, weights) == pytest.approx(expected, abs=1e-9)
    assert losses(score, truth).mean() == pytest.approx(log_loss(truth, score), abs=1e-9)


def _people(size: int, seed: int) -> tuple[dict[str, Known], np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    good = random.normal(size=(size, 2))
    good[random.random(size) < 0.1, 1] = np.nan
    bad = random.integers(-1, 4, (size, 2))
    reached = random.random(size) < 1 / (1 + np.exp(1 - 1.5 * good[:, 0]))
    none = np.zeros((size, 0))
    known = {
        "good": Known(good, none.astype(np.int64)),
        "bad": Known(none, bad),
        "nothing": Known(none, none.astype(np.int64)),
    }
    known["both"] = known["good"].beside(known["bad"])
    return known, reached, np.sort(random.integers(0, 100 * DAY, size))


def test_what_foretells_is_told_from_what_does_not() -> None:
    """The gain is told; what adds nothing is not; nothing known is guessing."""
    known, reached, instant = _people(1_500, 3)

    found = foretell(
        known, PAIRS, reached, split_by_time(instant, 7 * DAY), chance=np.random.default_rng(1)
    )

    assert isinstance(found, Foretold)
    assert found.models["good"].auc.value > 0.75
    assert 0.5 in found.models["bad"].auc.interval
    assert found.models["nothing"].auc.value == 0.5
    assert found.gains["good", "bad"].interval.low > 0
    assert found.gains["both", "good"].interval.low < 0
    assert found.gains["both", "good"].value < 0.01
    assert found.models["good"].log_loss.value < found.guess
    assert found.trained + found.judges + found.between == 1_500


def test_a_calibrated_model_means_what_it_says() -> None:
    """Telling the truth's own chances is hardly better in log loss."""
    known, reached, instant = _people(4_000, 5)
    found = foretell(
        known,
        PAIRS,
        reached,
        split_by_time(instant, DAY),
        chance=np.random.default_rng(1),
        resamples=50,
    )
    judge = split_by_time(instant, DAY).judge
    truth = 1 / (1 + np.exp(1 - 1.5 * known["good"].numbers[judge, 0]))

    assert isinstance(found, Foretold)
    assert found.models["good"].log_loss.value < losses(truth, reached[judge]).mean() + 0.02


def test_nobody_trains_whose_outcome_was_not_known() -> None:
    """The split leaves a gap of the horizon; nobody is on both sides."""
    instant = np.arange(100) * DAY

    split = split_by_time(instant, 10 * DAY)

    assert instant[split.train].max() + 10 * DAY <= split.at <= instant[split.judge].min()
    assert not (split.train & split.judge).any()


def test_later_people_do_not_change_what_was_learnt() -> None:
    """The same judges get the same chances whatever becomes of other judges."""
    known, reached, instant = _people(1_200, 7)
    split = split_by_time(instant, DAY)
    one = foretell(known, PAIRS, reached, split, chance=np.random.default_rng(1), resamples=20)
    changed = reached.copy()
    changed[~split.train & ~split.judge] ^= True

    assert (
        foretell(known, PAIRS, changed, split, chance=np.random.default_rng(1), resamples=20) == one
    )


def test_too_few_people_tell_nothing() -> None:
    """And it says how many more it takes, of everybody."""
    known, reached, instant = _people(40, 3)

    found = foretell(
        known, PAIRS, reached, split_by_time(instant, DAY), chance=np.random.default_rng(1)
    )

    assert isinstance(found, TooFew)
    assert found.compared == 40
    assert 0 < found.rarer < FEWEST
    assert found.needs == round(40 * FEWEST / found.rarer) - 40


@pytest.mark.parametrize("size", [0, 40])
def test_where_all_come_out_the_same_way_nobody_knows_how_many_it_takes(size: int) -> None:
    """One who did not would tell how rare that is."""
    known, _, instant = _people(size, 3)
    found = foretell(
        known,
        PAIRS,
        np.ones(size, np.bool_),
        split_by_time(instant, DAY),
        chance=np.random.default_rng(1),
    )

    assert isinstance(found, TooFew)
    assert (found.compared, found.rarer, found.needs) == (size, 0, None)
