"""What `--engine spark` works out says what one machine says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

import segue
from segue.services.memberships import MEMBERSHIPS
from tests.spark.answers import rows_of
from tests.spark.commands import outcomes_of

DEFINITIONS = """\
project: shop
timezone: Europe/Berlin
exclude: trait staff is true
goals:
  bought: {event: buy, within: 7 days}
segments:
  buyers: {title: Buyers, when: did buy}
  fresh: {title: Looked lately, when: did look within 7 days}
  spenders: {title: Spenders, when: 'top 50% by sum(buy.price)'}
  visitors: {title: Visited twice, when: did "$session_started" at least 2 times}
  nobody: {title: Nobody, when: did fly}
ladders:
  engagement:
    kind: engagement
    levels:
      - {level: low, title: Low, when: everyone}
      - {level: high, title: High, when: active on at least 2 days within 7 days}
journey:
  - {stage: aware, when: everyone}
  - {stage: customer, when: did buy within 3 days}
"""
EVENTS = """\
user,event,occurred_at,page,price,staff,$anon_distinct_id
ana,look,2026-05-01T09:00:00Z,/a,,,
ana,look,2026-05-02T09:00:00Z,/b,,,
anonymous-7,look,2026-04-30T08:00:00Z,/b,,,
ben,$identify,2026-05-01T10:00:00Z,,,,anonymous-7
ben,look,2026-05-02T10:00:00Z,/a,,,
ben,buy,2026-05-02T10:05:00Z,,19.90,,
cat,look,2026-04-10T10:00:00Z,/a,,,
cat,buy,2026-04-10T11:00:00Z,/a,3,,
cat,buy,2026-04-20T11:00:00Z,/a,3,,
dan,$identify,2026-04-10T10:00:00Z,,,true,
dan,buy,2026-04-10T11:00:00Z,/a,99,,
"""
FILES = ("--events", "events.parquet", "--definitions", "segue.yaml", "--columns", "person_id=user")
SPARK = ("--engine", "spark", "--master", "local[2]", "--partitions", "3")
ASKED = {
    "sizes": ("evaluate", *FILES),
    "sizes earlier": ("evaluate", *FILES, "--json", "--at", "2026-04-21"),
    "members": ("evaluate", *FILES, "-s", "fresh", "-s", "engagement.low"),
    "stays": ("history", *FILES),
    "a person": ("history", *FILES, "--person", "anonymous-7"),
    "a person as JSON": ("history", *FILES, "--person", "cat", "--json"),
    "the journey": ("journey", *FILES, "-s", "fresh", "--by-week"),
    "measures": ("report", "measures", *FILES),
    "measures as JSON": ("report", "measures", *FILES, "--json", "--weeks", "1"),
    "measures of one": ("report", "measures", "fresh", *FILES),
    "a report": ("report", *FILES),
    "a backtest": ("backtest", "fresh", *FILES, "--goal", "bought"),
    "discoveries": ("discover", *FILES),
    "no such person": ("history", *FILES, "--person", "eve"),
    "no such segment": ("evaluate", *FILES, "-s", "buyer"),
}


@dataclass(frozen=True)
class Both:
    """What commands answered on one machine and on Spark, by name, and the folder of both."""

    here: dict[str, Any]
    spark: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Every command once here and once on Spark."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "segue.yaml").write_text(DEFINITIONS)
    (folder / "events.csv").write_text(EVENTS)
    pq.write_table(arrow_csv.read_csv(folder / "events.csv"), folder / "events.parquet")
    some = (
        arrow_csv.read_csv(folder / "events.csv")
        .slice(0, 3)
        .set_column(0, "user", pa.array(["ana", None, None]))
    )
    pq.write_table(some, folder / "some.parquet")
    written = {
        "members.csv": ("evaluate", *FILES, "--out", "members.csv"),
        "memberships.jsonl": ("history", *FILES, "--out", "memberships.jsonl"),
    }
    on_spark = {
        "a folder": ("history", *FILES, *SPARK, "--out", "memberships"),
        "the folder again": ("history", *FILES, *SPARK, "--out", "memberships", "--json"),
        "no such file": ("evaluate", "--events", "none.parquet", *FILES[2:], *SPARK),
        "csv": ("evaluate", "--events", "events.csv", *FILES[2:], *SPARK),
        "rows that are none": ("evaluate", "--events", "some.parquet", *FILES[2:], *SPARK),
        "some people": ("backtest", "fresh", *FILES, *SPARK, "--people", "2"),
        "some people as JSON": ("discover", *FILES, *SPARK, "--people", "2", "--json"),
        "two definitions": (
            "report",
            "measures",
            "fresh",
            *FILES,
            *SPARK,
            "--against",
            "segue.yaml",
        ),
        "kept: sizes": (*ASKED["sizes"], *SPARK, "--runs", "runs"),
        "kept: stays": (*ASKED["stays"], *SPARK, "--runs", "runs"),
        "kept: a person": (*ASKED["a person"], *SPARK, "--runs", "runs"),
    }
    here = [*ASKED.values(), *((*one[:-1], f"here-{one[-1]}") for one in written.values())]
    there = [(*one, *SPARK) for one in (*ASKED.values(), *written.values())]
    outcomes = outcomes_of([*here, *there, *on_spark.values()], folder)
    names = [*ASKED, *written]
    return Both(
        dict(zip(names, outcomes, strict=False)),
        dict(zip([*names, *on_spark], outcomes[len(names) :], strict=True)),
        folder,
    )


@pytest.mark.parametrize("asked", ASKED)
def test_the_answer_is_the_same(both: Both, asked: str) -> None:
    """Letter by letter, what is shown and what is told to programs; errors, too."""
    assert both.spark[asked] == both.here[asked]


@pytest.mark.parametrize("asked", ["sizes", "stays", "a person"])
def test_the_answer_is_the_same_where_results_are_kept(both: Both, asked: str) -> None:
    """The first command worked everything out; the others found it in the folder."""
    assert both.spark[f"kept: {asked}"] == both.here[asked]


def test_the_answers_say_something(both: Both) -> None:
    """What is compared is not twice the same error."""
    found = {name: code for name, (code, *_) in both.here.items()}

    assert {name for name, code in found.items() if code} == {
        "no such person", "no such segment"
    }  # fmt: skip
    assert "Spenders" in both.here["a person"][1]


@pytest.mark.parametrize("name", ["members.csv", "memberships.jsonl"])
def test_one_file_is_the_same(both: Both, name: str) -> None:
    """Byte by byte."""
    assert both.spark[name][0] == 0
    assert (both.folder / name).read_bytes() == (both.folder / f"here-{name}").read_bytes()


def test_a_folder_is_written_by_spark(both: Both) -> None:
    """Parquet with the columns of a result; the terminal says how many rows."""
    table = pq.read_table(both.folder / "memberships")
    here = segue.history(
        pq.read_table(both.folder / "events.parquet").rename_columns({"user": "person_id"}),
        both.folder / "segue.yaml",
    )

    assert table.cast(MEMBERSHIPS).schema == MEMBERSHIPS
    assert table.schema.field("left_at").type == pa.timestamp("ms", "UTC")
    assert rows_of(table) == rows_of(here)
    assert both.spark["a folder"][1] == f"{len(table)} memberships written to memberships\n"


def test_a_folder_is_not_written_over(both: Both) -> None:
    """What is there stays; the error is for programs, where they asked."""
    code, _, error, _ = both.spark["the folder again"]

    assert code == 2
    assert "Cannot write memberships" in json.loads(error[error.index("{") :])["message"]


def test_files_that_cannot_be_read(both: Both) -> None:
    """There is none, or it says nothing of types: an error with a hint, and no traceback."""
    for name, said in {"no such file": "none.parquet", "csv": "from csv files"}.items():
        code, _, error, _ = both.spark[name]
        assert code == 2, error
        assert said in error
        assert "hint: " in error


def test_some_people_stand_for_everybody(both: Both) -> None:
    """What is told of some is never told as if it were of all."""
    code, answer, error, _ = both.spark["some people"]
    assert code == 0, error
    assert " ".join(answer.split()).endswith(
        "All of it is told of 1 of 4 people, drawn by a hash of their ids; ranks are those among "
        "them."
    )
    assert json.loads(both.spark["some people as JSON"][1])["sample"] == {"people": 1, "of": 4}


def test_what_a_cluster_does_not_do(both: Both) -> None:
    """It says so, and what to do."""
    code, _, error, _ = both.spark["two definitions"]
    assert code == 2
    assert "hint: leave out --engine, or --against" in error


def test_rows_that_are_no_events_are_told(both: Both) -> None:
    """How many, and why; the others count."""
    code, answer, told, _ = both.spark["rows that are none"]

    assert code == 0
    assert "1 person" in answer
    assert "2 rows left out, being no events: no person_id (2)" in told
