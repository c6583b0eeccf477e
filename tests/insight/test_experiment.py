"""A finished experiment: effects, who they are for, and how many comparisons were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, ttest_ind
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

import segue
from segue.domain.errors import InputError, NotFoundError, UsageError
from segue.insight.experiment import Effect, Experiment, Grouping, experiment
from segue.services.insight.experiments import experiment_document, experiment_words

MENS, WOMENS = "Mens E-Mail", "Womens E-Mail"


@pytest.fixture(scope="module")
def hillstrom(real_data: Path) -> Experiment:
    return segue.experiment(
        real_data / "hillstrom.parquet",
        arm="segment",
        control="No E-Mail",
        outcomes=["visit", "conversion", "spend"],
        by=["mens+womens", "newbie", "channel", "zip_code"],
    )


def _effect(found: Experiment, arm: str, outcome: str) -> Effect:
    return next(one for one in found.effects if (one.arm, one.outcome) == (arm, outcome))


# -------------------------------------------------------------------------------------- hillstrom


@pytest.mark.parametrize(
    ("arm", "outcome", "points"),
    [
        (MENS, "visit", 7.66),
        (WOMENS, "visit", 4.52),
        (MENS, "conversion", 0.68),
        (WOMENS, "conversion", 0.31),
    ],
)
def test_the_published_lifts(hillstrom, arm, outcome, points) -> None:
    """With the interval of the reference library, and sure among all six comparisons."""
    found = _effect(hillstrom, arm, outcome)

    assert 100 * found.value == pytest.approx(points, abs=0.005)
    counts = (found.treated.count, found.treated.of, found.control.count, found.control.of)
    expected = confint_proportions_2indep(*counts, method="newcomb")
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, abs=1e-9)
    assert found.is_told


def test_the_published_rates_of_visits(hillstrom) -> None:
    mens, womens = (_effect(hillstrom, arm, "visit") for arm in (MENS, WOMENS))

    rates = (mens.control.value, womens.treated.value, mens.treated.value)
    assert [round(100 * rate, 2) for rate in rates] == [10.62, 15.14, 18.28]
    assert sum(hillstrom.people.values()) == 64_000
    assert not hillstrom.split.is_suspect


def test_the_published_heterogeneity(hillstrom) -> None:
    """Women's e-mail: +7.40 points among buyers of women's goods only, +1.11 among buyers of men's
    only. Of 24 ways in which groups might differ it is by far the surest."""
    found = next(
        one
        for one in hillstrom.variations
        if (one.by, one.arm, one.outcome) == ("mens+womens", WOMENS, "visit")
    )
    points = {part.group: 100 * part.effect.value for part in found.parts}

    assert points["mens 0, womens 1"] == pytest.approx(7.40, abs=0.005)
    assert points["mens 1, womens 0"] == pytest.approx(1.11, abs=0.005)
    assert len(hillstrom.variations) == 2 * 3 * 4
    assert found.q_value == min(one.q_value for one in hillstrom.variations) < 1e-15
    assert 0.0 not in found.interval
    assert found.interval.low < found.apart == pytest.approx(0.0629, abs=5e-4)


def test_what_is_not_told_is_not_said(hillstrom) -> None:
    words = " ".join(experiment_words(hillstrom))

    assert "+7.40 points" in words
    assert "+1.11 points" in words
    assert words.count("does not do the same") == sum(one.is_told for one in hillstrom.variations)
    assert "24 ways were looked at" in words


def test_an_amount_is_compared_as_by_welch(hillstrom, real_data) -> None:
    table = pq.read_table(real_data / "hillstrom.parquet", columns=["segment", "spend"])
    arm, spend = (table.column(name).to_numpy() for name in ("segment", "spend"))
    mens, nobody = (spend[arm == name] for name in (MENS, "No E-Mail"))

    found = _effect(hillstrom, MENS, "spend")

    assert found.p_value == pytest.approx(ttest_ind(mens, nobody, equal_var=False).pvalue)
    expected = CompareMeans(DescrStatsW(mens), DescrStatsW(nobody)).tconfint_diff(usevar="unequal")
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, abs=1e-9)


# ---------------------------------------------------------------------------------------- in small


def _people(seed: int, effects: tuple[float, ...], people: int = 600) -> tuple:
    """Two arms; as many groups as effects, a tenth converting anyway."""
    dice = np.random.default_rng(seed)
    arm, group = dice.integers(0, 2, people), dice.integers(0, len(effects), people)
    reached = dice.random(people) < 0.1 + np.array(effects)[group] * arm
    names = tuple(f"g{i}" for i in range(len(effects)))
    return arm, reached.astype(np.float64), Grouping("group", names, group)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_heterogeneity_is_cochrans(seed) -> None:
    """Σ w (effect - weighted mean)², χ² with one degree of freedom fewer than there are groups."""
    arm, reached, grouping = _people(seed, (0.0, 0.2, 0.4))
    (found,) = experiment(["no", "yes"], arm, {"won": reached}, [grouping]).variations

    effects = np.array([part.effect.value for part in found.parts])
    weights = np.array([part.effect.error for part in found.parts]) ** -2
    mean = (weights * effects).sum() / weights.sum()
    expected = chi2.sf((weights * (effects - mean) ** 2).sum(), len(effects) - 1)
    assert found.p_value == pytest.approx(expected, abs=1e-9)


def test_where_there_is_nothing_little_is_found() -> None:
    """Of 200 experiments with the same effect in five groups at most a twentieth tell groups apart;
    looked at one by one, far more would show an interval without nothing beside one with it."""
    wrong = 0
    for seed in range(200):
        arm, reached, grouping = _people(seed, (0.1,) * 5)
        (found,) = experiment(["no", "yes"], arm, {"won": reached}, [grouping]).variations
        wrong += found.is_told
    assert wrong <= 0.05 * 200


def test_a_real_difference_between_groups_is_found() -> None:
    found = 0
    for seed in range(20):
        arm, reached, grouping = _people(seed, (0.0, 0.3), people=2_000)
        (one,) = experiment(["no", "yes"], arm, {"won": reached}, [grouping]).variations
        found += one.is_told and one.largest.group == "g1"
    assert found == 20


def test_q_values_are_of_all_arms_and_outcomes() -> None:
    """A single lucky outcome among twenty is not believed."""
    dice = np.random.default_rng(11)
    arm = dice.integers(0, 2, 400)
    outcomes = {f"o{i}": (dice.random(400) < 0.3).astype(float) for i in range(20)}

    found = experiment(["no", "yes"], arm, outcomes)

    assert not any(one.is_told for one in found.effects)
    assert all(one.q_value >= one.p_value for one in found.effects)
    assert all(one.needs is None or one.needs > 0 for one in found.effects)


def test_an_uneven_split_is_said_first() -> None:
    arm = np.repeat([0, 1], [700, 300])
    found = experiment(["no", "yes"], arm, {"won": np.zeros(1_000)})

    assert found.split.is_suspect
    assert "not assigned in equal parts" in experiment_words(found)[1]
    meant = experiment(["no", "yes"], arm, {"won": np.zeros(1_000)}, shares=[0.7, 0.3])
    assert not meant.split.is_suspect


def test_groups_without_both_arms_are_left_out() -> None:
    arm = np.array([0, 1, 0, 1, 0, 0])
    grouping = Grouping("g", ("both", "also", "none"), np.array([0, 0, 1, 1, 2, 2]))
    (found,) = experiment(["no", "yes"], arm, {"won": np.ones(6)}, [grouping]).variations

    assert [part.group for part in found.parts] == ["both", "also"]


def test_amounts_that_never_vary_tell_nothing() -> None:
    found = experiment(["no", "yes"], np.array([0, 0, 1, 1]), {"spend": np.full(4, 3.0)})

    assert (found.effects[0].interval, found.effects[0].p_value) == (None, 1.0)
    assert experiment_document(found)["effects"][0]["difference"] is None


@pytest.mark.parametrize(
    ("arms", "values", "message"),
    [(["no"], 2, "at least one other"), (["no", "yes"], 3, "for every person")],
)
def test_what_is_no_experiment(arms, values, message) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(arms, np.array([0, 1]) * (len(arms) - 1), {"won": np.zeros(values)})


# ------------------------------------------------------------------------------------ from a table

TABLE = {
    "id": ["a", "b", "c", "d"],
    "arm": ["none", "mail", "none", "mail"],
    "won": [0, 1, 0, 1],
    "spent": [0.0, 2.5, 1.0, 3.0],
    "vip": [True, True, False, False],
}


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "frame"])
def test_tables_of_any_kind_say_the_same(kind, tmp_path) -> None:
    table, path = pa.table(TABLE), tmp_path / f"people.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    elif kind == "csv":
        table.to_pandas().to_csv(path, index=False)
    elif kind == "jsonl":
        table.to_pandas().to_json(path, orient="records", lines=True)
    people = table if kind == "frame" else path

    found = segue.experiment(
        people, arm="arm", control="none", outcomes=["won", "spent"], by=["vip"], person="id"
    )

    assert found.people == {"none": 2, "mail": 2}
    assert _effect(found, "mail", "won").value == 1.0
    assert _effect(found, "mail", "spent").value == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"arm": "group"}, UsageError, "no column 'group'"),
        ({}, {"control": "nobody"}, UsageError, "no arm 'nobody'"),
        ({}, {"outcomes": []}, UsageError, "needs an outcome"),
        ({"won": [0, None, 0, 1]}, {}, InputError, "empty for 1 person"),
        ({"won": ["no", "yes", "no", "yes"]}, {}, InputError, "is no number"),
        ({"id": ["a", "a", "c", "d"]}, {"person": "id"}, InputError, "1 rows are of people"),
        ({}, {"by": ["spent+many"]}, UsageError, "no column 'many'"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(change, options, error, message) -> None:
    table = pa.table({**TABLE, **change})
    asked = {"arm": "arm", "control": "none", "outcomes": ["won"], **options}

    with pytest.raises(error, match=message):
        segue.experiment(table, **asked)


def test_too_many_groups_are_refused() -> None:
    table = pa.table({"arm": ["no", "yes"] * 20, "won": [0, 1] * 20, "age": list(range(40))})

    with pytest.raises(UsageError, match="makes 40 groups"):
        segue.experiment(table, arm="arm", control="no", outcomes=["won"], by=["age"])


def test_a_file_that_is_not_there_or_no_table(tmp_path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no table")
    asked = {"arm": "arm", "control": "none", "outcomes": ["won"]}

    with pytest.raises(NotFoundError, match="no file"):
        segue.experiment(tmp_path / "none.csv", **asked)
    with pytest.raises(InputError, match="cannot be read"):
        segue.experiment(broken, **asked)
