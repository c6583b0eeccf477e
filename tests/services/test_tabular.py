"""What a table that is no event log can still say: outcomes by group, and what texts are about."""

import pyarrow as pa
import pytest

from segue.services.tabular import rates_by_group, topics


def table(**columns) -> pa.Table:
    return pa.table(columns)


def test_an_experiment_is_found_by_what_its_groups_have_in_common() -> None:
    """Groups that were alike before and differ after come before a larger difference elsewhere."""
    arm = ["mail", "none"] * 500
    region = ["north"] * 500 + ["south"] * 500
    before = [1] * 400 + [0] * 600
    visit = [int(index % 2 == 0 and index % 4 == 0) for index in range(1000)]
    member = [0] * 500 + [1] * 500

    found = rates_by_group(table(before=before, arm=arm, visit=visit, region=region, member=member))

    assert found is not None
    assert (found.group, found.outcome, found.alike_in) == ("arm", "visit", ("before",))
    assert found.rows == (("mail", 500, 0.5), ("none", 500, 0.0))


@pytest.mark.parametrize(
    "columns",
    [
        {"n": [1, 2, 3, 4]},
        {"group": ["a", "b", "a", "b"]},
        {"visit": [0, 1, 0, 1], "group": ["a", "b", "a", "b"]},
    ],
)
def test_no_outcome_no_rates(columns) -> None:
    """Without a 0/1 column after a grouping there is nothing to compare."""
    assert rates_by_group(table(**columns)) is None


def test_texts_and_their_topics() -> None:
    """Long, different texts beside a label; the largest labels first."""
    texts = [f"I am still waiting for card number {number}" for number in range(6)]
    found = topics(table(text=texts, topic=["a", "b", "b", "c", "b", "a"]))

    assert found is not None
    assert (found.text, found.label, found.labels, found.rows) == ("text", "topic", 3, 6)
    assert found.largest == (("b", 3), ("a", 2), ("c", 1))
    assert topics(table(label=["a", "b"])) is None
