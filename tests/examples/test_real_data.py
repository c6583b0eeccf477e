"""Published figures of four real logs, reproduced by the definitions in `examples/`.

The files are read by the command line with a column mapping, as anybody would. The tables of
`examples/README.md` are checked against the same results.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

PROGRAM = "from segue.cli import main; main()"
COLUMNS = "person_id=user_id,occurred_at=ts,properties=props"
FILES = {
    "online_retail": ("online_retail.parquet", "2011-12-10"),
    "simple_shop": ("simple_shop.parquet", "2020-04-30"),
    "moodle": ("moodle_la_course.parquet", "2019-10-28"),
    "sparkify": ("sparkify_2018_11.parquet", "2018-12-01"),
}

PUBLISHED = {
    "online_retail": {
        "buyers": 4_338,
        "one_time_buyers": 1_493,
        "repeat_buyers": 2_845,
    },
    "simple_shop": {"reached_cart": 1_924, "paid": 653, "abandoned": 1_271},
    "moodle": {"activity.low": 44, "activity.moderate": 43, "activity.high": 43},
}


@dataclass(frozen=True)
class Example:
    """An example evaluated: the memberships that the command line wrote, and the events' file."""

    memberships: pa.Table
    events: Path

    def people(self, segment: str) -> set[str]:
        """Who is in the segment."""
        rows = self.memberships.select(["segment_id", "person_id"]).to_pylist()
        return {row["person_id"] for row in rows if row["segment_id"] == segment}

    def size(self, segment: str) -> int:
        """How many are in the segment."""
        return len(self.people(segment))


@pytest.fixture(scope="module")
def evaluated(
    real_data: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Example]:
    """Every example, evaluated once by `segue evaluate`."""
    folder = tmp_path_factory.mktemp("examples")
    results = {}
    for name, (file, at) in FILES.items():
        out = folder / f"{name}.parquet"
        definitions = repository / "examples" / f"{name}.yaml"
        command = ["evaluate", "--events", real_data / file, "--definitions", definitions]
        options = ["--columns", COLUMNS, "--at", at, "--out", out]
        subprocess.run([sys.executable, "-c", PROGRAM, *command, *options], check=True, cwd=folder)
        results[name] = Example(pq.read_table(out), real_data / file)
    return results


@pytest.mark.parametrize(
    ("example", "segment", "people"),
    [(name, *figure) for name, figures in PUBLISHED.items() for figure in figures.items()],
)
def test_a_published_figure(
    evaluated: dict[str, Example], example: str, segment: str, people: int
) -> None:
    """As many people as were published, no more and no fewer."""
    assert evaluated[example].size(segment) == people


@pytest.mark.parametrize(
    ("segment", "people", "published"), [("top_tenth", 434, 61.3), ("top_fifth", 868, 74.6)]
)
def test_few_buyers_bring_most_of_the_revenue(
    evaluated: dict[str, Example], segment: str, people: int, published: float
) -> None:
    """The share of the revenue is the published one, to the person who makes the tenth whole."""
    example = evaluated["online_retail"]
    revenue = dict(
        duckdb.execute(
            "select user_id, sum((props ->> 'amount')::decimal(18, 2)) from read_parquet(?)"
            " where event = 'item_purchased' and (props ->> 'Quantity')::int > 0"
            " and (props ->> 'UnitPrice')::double > 0 group by 1",
            [str(example.events)],
        ).fetchall()
    )
    members = example.people(segment)
    share = 100 * sum(revenue[person] for person in members) / sum(revenue.values())
    poorest = min(revenue[person] for person in members)
    without_last = 100 * float(poorest) / float(sum(revenue.values()))

    assert len(members) == people
    assert all(revenue[person] < poorest for person in revenue.keys() - members)
    assert float(share) - without_last - 0.05 <= published <= float(share)


def test_every_buyer_is_in_one_rfm_segment(evaluated: dict[str, Example]) -> None:
    """The nine segments that the template wrote share the buyers out among them."""
    example = evaluated["online_retail"]
    written = {one for one in example.memberships["segment_id"].to_pylist() if one[:4] == "rfm_"}
    sizes = [example.size(segment) for segment in written]

    assert len(written) == 9
    assert min(sizes) > 50
    assert sum(sizes) == 4_338
    assert set.union(*(example.people(segment) for segment in written)) == example.people("buyers")


def test_an_abandoned_cart_is_not_only_of_those_who_never_paid(
    evaluated: dict[str, Example],
) -> None:
    """The live segment holds people who paid once and left a later cart."""
    shop = evaluated["simple_shop"]

    assert shop.people("abandoned") < shop.people("open_cart")
    assert shop.people("abandoned_now") <= shop.people("open_cart")
    assert shop.people("open_cart") - shop.people("abandoned") <= shop.people("paid")


@pytest.mark.parametrize(
    ("example", "everybody", "levels"),
    [
        ("moodle", 130, ["activity.low", "activity.moderate", "activity.high"]),
        ("moodle", 130, ["presence.rare", "presence.steady", "presence.daily"]),
        ("sparkify", 96, ["usage.dormant", "usage.casual", "usage.power"]),
        ("sparkify", 97, ["paying", "free"]),
        (
            "simple_shop",
            3_751,
            [f"journey.{s}" for s in ("awareness", "consideration", "intent", "conversion")],
        ),
    ],
)
def test_levels_leave_nobody_out_and_hold_nobody_twice(
    evaluated: dict[str, Example], example: str, everybody: int, levels: list[str]
) -> None:
    """A ladder has one level for a person at a time."""
    sizes = [evaluated[example].size(level) for level in levels]
    people = set.union(*(evaluated[example].people(level) for level in levels))

    assert sum(sizes) == len(people) == everybody
    assert min(sizes) > 0


def _claims(page: str) -> list[tuple[str, str, int]]:
    """What the page says of sizes: rows `| `a`, `b` | 1, 2 |` under the example's heading."""
    claims = []
    for block in page.split("\n## ")[1:]:
        name = re.search(r"examples/(\w+)\.yaml", block)
        assert name
        for ids, numbers in re.findall(r"^\| (`[^|]*) \| ([\d, ]+) \|", block, re.MULTILINE):
            segments = re.findall(r"`([^`]+)`", ids)
            full = [
                f"{segments[0].split('.')[0]}{one}" if one.startswith(".") else one
                for one in segments
            ]
            sizes = [int(n.replace(",", "")) for n in re.findall(r"\d{1,3}(?:,\d{3})*", numbers)]
            claims += [(name[1], *pair) for pair in zip(full, sizes, strict=True)]
    return claims


def test_the_page_tells_the_truth(evaluated: dict[str, Example], repository: Path) -> None:
    """Every size in `examples/README.md` is the size of the segment."""
    page = (repository / "examples" / "README.md").read_text(encoding="utf-8")
    claims = _claims(page)

    assert len(claims) >= 20
    assert claims == [
        (example, segment, evaluated[example].size(segment)) for example, segment, _ in claims
    ]
