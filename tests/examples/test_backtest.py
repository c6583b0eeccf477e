"""Backtests and diffs of real events: a web shop's customers who fell silent."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from ruamel.yaml import YAML

import segue
from segue.domain.instant import DAY
from segue.services.insight.backtest_words import backtest_words, left_out_words
from segue.services.insight.backtesting import Backtest
from segue.services.insight.differing import Kind

SILENT = "distinct(sale.InvoiceNo) >= 2 and last sale more than 90 days ago"
"""Bought at least twice and silent for ninety days."""


@pytest.fixture(scope="module")
def shop(real_data: Path, repository: Path) -> Iterator[segue.Engine]:
    """Online Retail, with the definitions of the example."""
    columns = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
    with segue.Engine.in_memory(repository / "examples" / "online_retail.yaml") as engine:
        engine.import_files([real_data / "online_retail.parquet"], columns=columns)
        yield engine


@pytest.fixture(scope="module")
def silent(shop: segue.Engine) -> Backtest:
    return shop.insight("2011-12-10").backtest(when=SILENT, title="Silent buyers", days=200)


@pytest.fixture(scope="module")
def invoices(real_data: Path) -> dict[str, list[tuple[int, str]]]:
    """When each customer bought on which invoice, by another engine."""
    rows = duckdb.execute(
        "select user_id, epoch_ms(ts::timestamp), props ->> 'InvoiceNo' from read_parquet(?)"
        " where event = 'item_purchased' and (props ->> 'Quantity')::int > 0"
        " and (props ->> 'UnitPrice')::double > 0 order by all",
        [str(real_data / "online_retail.parquet")],
    ).fetchall()
    found: dict[str, list[tuple[int, str]]] = {}
    for person, at, invoice in rows:
        found.setdefault(person, []).append((at, invoice))
    return found


def _silences(bought: list[tuple[int, str]], at: int) -> list[tuple[int, int]]:
    """From when to when somebody had two invoices and ninety days without a sale."""
    stays = []
    seen: set[str] = set()
    for place, (when, invoice) in enumerate(bought):
        seen.add(invoice)
        after = bought[place + 1][0] if place + 1 < len(bought) else at + 1000 * DAY
        if len(seen) >= 2 and when + 90 * DAY < after:
            stays.append((when + 90 * DAY, after))
    return stays


def test_who_bought_twice_and_fell_silent_is_counted_as_by_hand(
    silent: Backtest, invoices: dict[str, list[tuple[int, str]]]
) -> None:
    """Sizes, entries and exits; straight from the invoices."""
    stays = [one for bought in invoices.values() for one in _silences(bought, silent.at)]

    assert silent.size == sum(start <= silent.at < end for start, end in stays) > 500
    assert silent.entries == sum(silent.start < start <= silent.at for start, _ in stays)
    assert sum(day.left for day in silent.days) == sum(
        silent.start < end <= silent.at for _, end in stays
    )


def test_those_beside_silent_buyers_are_more_alike_than_anybody(silent: Backtest) -> None:
    """Not quite as long silent, or bought once; in what they are not alike is said."""
    contrast = silent.contrast
    assert contrast is not None
    matched = contrast.matched
    notes = " ".join(left_out_words(contrast))

    assert contrast.alike.rows > 500
    assert (abs(matched.after) <= abs(matched.before)).all()
    assert ("Not quite alike" in notes) == bool((abs(matched.after) > 0.1).any())
    assert "reached bought within 30 days" in backtest_words(silent)[2]
    assert contrast.interval is not None


def test_longer_silences_hold_fewer_people(silent: Backtest) -> None:
    """In the order of their length, by a wide margin."""
    told = {one.variation.new: one for one in silent.varied if one.variation}

    assert told["65 days"].size > silent.size > told["125 days"].size
    assert told["65 days"].entries > silent.entries > told["125 days"].entries


def test_a_job_at_midnight_is_late_for_all_who_fall_silent_by_day(silent: Backtest) -> None:
    """The shop is open by day: half of the silences begin over eight hours before midnight."""
    assert silent.daily.never.count < silent.daily.never.of * 0.02
    assert silent.daily.median is not None
    assert 8 * DAY // 24 < silent.daily.median < DAY


def test_a_dormancy_of_ninety_days_instead_of_half_a_year(
    shop: segue.Engine, repository: Path
) -> None:
    """What a change of the example would do: more dormant people, all the old ones among them, and
    another segment that rests on it."""
    text = (repository / "examples" / "online_retail.yaml").read_text(encoding="utf-8")
    old = YAML(typ="safe").load(text)
    new = YAML(typ="safe").load(text)
    new["segments"]["dormant"]["when"] = "did sale and last sale more than 90 days ago"

    found = shop.insight("2011-12-10").diff(old, new, days=60)
    told = {one.id: one for one in found.segments}

    assert {name: one.kind for name, one in told.items()} == {
        "dormant": Kind.CHANGED,
        "won_back": Kind.AFFECTED,
    }
    assert told["dormant"].now.out == 0 < told["dormant"].now.into
