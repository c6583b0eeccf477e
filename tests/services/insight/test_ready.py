"""Ready-made groups: the lifecycle of everybody, and RFM of buyers, on real orders."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow.parquet import read_table

import segue
from segue.domain.errors import UsageError
from segue.domain.instant import DAY, HOUR, parse_instant
from segue.services.insight.ready import Buying, Ready, ready_made

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "online_retail.parquet"
NOW = parse_instant("2026-05-29")

LIFECYCLE: dict[str, list[float]] = {
    "new": [0.5, 3],
    "returning": [3, 9],
    "returning, at the edge": [6.9, 7],
    "resurrecting": [1, 40],
    "dormant": [7, 9],
    "long dormant": [100],
}


def _ready(engine: segue.Engine, at: object, **asked: object) -> Ready:
    insight = engine.insight(at)  # type: ignore[arg-type]
    return ready_made(
        insight.store,
        insight.project,
        insight.definitions,
        insight.at,
        **asked,  # type: ignore[arg-type]
    )


def test_everybody_is_in_one_state_of_the_lifecycle() -> None:
    """Days since somebody did something, and what they are."""
    rows = [
        {"person_id": name, "event": "look", "occurred_at": int(NOW - days * DAY)}
        for name, ages in LIFECYCLE.items()
        for days in ages
    ]
    with segue.Engine.in_memory({"segments": {}}) as engine:
        engine.record(pa.Table.from_pylist(rows))
        found = _ready(engine, NOW)
        texts = {one.proposal.id: {"when": one.proposal.when} for one in found.lifecycle}
    with segue.Engine.in_memory({"segments": texts}) as again:
        again.record(pa.Table.from_pylist(rows))
        members = again.evaluate(NOW)
        states = [
            again.evaluate(NOW - hours * HOUR)["person_id"].to_pylist() for hours in (1, 100, 1000)
        ]

    inside = dict(
        zip(members["person_id"].to_pylist(), members["segment_id"].to_pylist(), strict=True)
    )
    assert found.buyers is None
    assert inside == {
        name: "lifecycle_" + name.split(",")[0].removeprefix("long ") for name in LIFECYCLE
    }
    assert [one.people.count for one in found.lifecycle] == [1, 2, 1, 2]
    for everybody in states:
        assert len(everybody) == len(set(everybody))


@pytest.fixture(scope="module")
def shop() -> Ready:
    with segue.Engine.in_memory(ROOT / "examples" / "online_retail.yaml") as engine:
        engine.import_files(
            [DATA],
            columns={"person_id": "user_id", "occurred_at": "ts", "properties": "props"},
            keep_rejects=False,
        )
        return _ready(engine, "2011-12-10")


def test_few_buyers_bring_most_of_the_revenue(shop: Ready) -> None:
    """The figures of the file: the first 433 buyers bring 61.3 %, the first fifth 74.6 %. A tenth
    of 4,338 is 434 people, because the language rounds up."""
    assert shop.buyers is not None
    tops = {one.percent: one for one in shop.buyers.tops}

    assert shop.buyers.buying == Buying("sale", "amount", "InvoiceNo")
    assert shop.buyers.buyers == 4_338
    assert shop.buyers.revenue == pytest.approx(8_911_407.904)
    sales = read_table(DATA, columns=["user_id", "event", "props"]).to_pandas()
    sales = sales[sales.event == "item_purchased"]
    amounts = sales.assign(amount=[json.loads(one)["amount"] for one in sales.props])
    money = amounts.groupby("user_id").amount.sum().sort_values(ascending=False)
    assert round(100 * money.iloc[:433].sum() / money.sum(), 1) == 61.3
    assert tops[10].people == 434
    assert tops[10].revenue == pytest.approx(money.iloc[:434].sum() / money.sum())
    assert round(100 * tops[20].revenue, 1) == 74.6


def test_rfm_groups_hold_every_buyer_once(shop: Ready) -> None:
    """The nine groups and the grid both add up to all buyers, and the revenue to all of it."""
    assert shop.buyers is not None
    assert sum(one.people.count for one in shop.buyers.groups) == 4_338
    assert sum(map(sum, shop.buyers.grid)) == 4_338
    assert sum(one.revenue or 0 for one in shop.buyers.groups) == pytest.approx(1)
    assert [sum(row) > 0 for row in shop.buyers.grid] == [True] * 5


def test_groups_become_segments(shop: Ready) -> None:
    """One, or all of a kind; others are refused."""
    assert len(shop.proposals("rfm")) == 9
    assert len(shop.proposals("lifecycle")) == 4
    assert [one.id for one in shop.proposals("rfm_champions")] == ["rfm_champions"]
    with pytest.raises(UsageError, match="best_friends"):
        shop.proposals("best_friends")


def test_the_members_are_those_of_the_segments(shop: Ready) -> None:
    """The engine says the same of the segments that the groups become."""
    with segue.Engine.in_memory(ROOT / "examples" / "online_retail.yaml") as engine:
        engine.import_files(
            [DATA],
            columns={"person_id": "user_id", "occurred_at": "ts", "properties": "props"},
            keep_rejects=False,
        )
        ids = [one.proposal.id for one in shop.buyers.groups] if shop.buyers else []
        members = engine.evaluate("2011-12-10", ids)
    assert shop.buyers is not None
    for one in shop.buyers.groups:
        rows = pc.sum(pc.equal(members["segment_id"], one.proposal.id)).as_py()
        assert rows == one.people.count
