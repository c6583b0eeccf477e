"""The Python interface: any frame, any path, a mapping or a file; the same tables as everywhere."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

import segue
from segue.services.memberships import MEMBERS, MEMBERSHIPS

ROWS = {
    "person_id": ["ana", "ana", "ben", "cat"],
    "event": ["look", "look", "buy", "look"],
    "occurred_at": ["2026-05-01T09:00:00Z", "2026-05-03T09:00:00Z", "2026-05-02", "2026-04-01"],
    "price": [None, None, 20, None],
}
TABLE = pa.table(ROWS)
PROJECT = {
    "project": "shop",
    "segments": {
        "keen": {"when": "did look at least 2 times within 7 days"},
        "buyers": {"title": "Buyers", "when": "sum(buy.price) >= 10"},
    },
}
EXPECTED = [
    ("keen", "ana", "2026-05-03T09:00:00+00:00", "2026-05-08T09:00:00+00:00"),
    ("buyers", "ben", "2026-05-02T00:00:00+00:00", None),
]


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return [
        tuple(v.isoformat() if isinstance(v, dt.datetime) else v for v in row.values())
        for row in table.to_pylist()
    ]


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas with an index": lambda: pd.DataFrame(ROWS).set_index("person_id").reset_index(),
    "polars": lambda: pl.DataFrame(ROWS),
    "an Arrow table": lambda: TABLE,
    "an Arrow reader": TABLE.to_reader,
    "a DuckDB relation": lambda: duckdb.from_arrow(TABLE),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_events_are_any_frame(kind: str) -> None:
    """Whatever speaks the Arrow C-stream interface gives the same members."""
    members = segue.evaluate(FRAMES[kind](), PROJECT, at="2026-05-04")

    assert members.schema == MEMBERS
    assert rows(members) == EXPECTED


def test_events_are_files_and_definitions_are_one_too(tmp_path: Path) -> None:
    """One path, several paths, as text or `Path`."""
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    pq.write_table(TABLE.slice(0, 2), one)
    pq.write_table(TABLE.slice(2), two)
    definitions = tmp_path / "segue.yaml"
    YAML().dump(PROJECT, definitions)

    assert rows(segue.evaluate([one, two], definitions, at="2026-05-04")) == EXPECTED
    assert rows(segue.evaluate(str(one), str(definitions), at="2026-05-04")) == EXPECTED[:1]


def test_history_is_every_membership() -> None:
    """Null is still in; the future is nobody's."""
    table = segue.history(TABLE, PROJECT, at="2026-05-09")

    assert table.schema == MEMBERSHIPS
    assert rows(table) == [
        ("keen", "ana", "2026-05-03T09:00:00+00:00", "2026-05-08T09:00:00+00:00"),
        ("buyers", "ben", "2026-05-02T00:00:00+00:00", None),
    ]
    assert rows(segue.history(TABLE, PROJECT, at="2026-05-02T12:00:00Z")) == [
        ("buyers", "ben", "2026-05-02T00:00:00+00:00", None)
    ]


@pytest.mark.parametrize(
    "at",
    [
        "2026-05-04",
        "2026-05-04T02:00:00+02:00",
        dt.date(2026, 5, 4),
        dt.datetime(2026, 5, 4, tzinfo=dt.UTC),
        dt.datetime(2026, 5, 4),
        1_777_852_800_000,
    ],
)
def test_at_is_said_in_many_ways(at: object) -> None:
    """They are one instant."""
    assert rows(segue.evaluate(TABLE, PROJECT, at=at)) == EXPECTED


def test_at_nothing_is_the_last_event() -> None:
    """The answer is a function of the events alone."""
    assert rows(segue.evaluate(TABLE, PROJECT)) == EXPECTED
    assert rows(segue.evaluate(TABLE, PROJECT, at="last")) == EXPECTED


def test_columns_of_other_names() -> None:
    """Said once, for frames and files."""
    renamed = TABLE.rename_columns(["user", "action", "ts", "price"])
    columns = {"person_id": "user", "event": "action", "occurred_at": "ts"}

    assert rows(segue.evaluate(renamed, PROJECT, at="2026-05-04", columns=columns)) == EXPECTED


def test_conditions_may_be_built() -> None:
    """`did("look")…` is the same as its text."""
    built = segue.did("look").at_least(2).within(days=7)
    project = {"segments": {"keen": {"when": built}}}

    assert rows(segue.evaluate(TABLE, project, at="2026-05-04")) == EXPECTED[:1]


def test_explain() -> None:
    """Evidence and the instant at which it changes."""
    found = segue.explain(TABLE, PROJECT, "ana", "keen", at="2026-05-04")

    assert found.person_id == "ana"
    assert found.explanation.holds
    assert found.explanation.flips_at == 1_778_230_800_000
    assert {event.event for event in found.events.values()} == {"look"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: segue.evaluate(42, PROJECT), segue.InputError),
        (lambda: segue.evaluate([], PROJECT), segue.InputError),
        (lambda: segue.evaluate(pa.table({"a": [1]}), PROJECT), segue.InputError),
        (lambda: segue.evaluate("none.csv", PROJECT), segue.NotFoundError),
        (lambda: segue.evaluate(TABLE, "none.yaml"), segue.NotFoundError),
        (
            lambda: segue.evaluate(TABLE, {"segments": {"a": {"when": "did"}}}),
            segue.DefinitionError,
        ),
        (lambda: segue.evaluate(42, {"segments": {"a": {"when": "did"}}}), segue.DefinitionError),
        (lambda: segue.evaluate(TABLE, PROJECT, at="soon"), segue.UsageError),
        (lambda: segue.explain(TABLE, PROJECT, "zoe", "keen"), segue.NotFoundError),
        (lambda: segue.explain(TABLE, PROJECT, "ana", "kean"), segue.NotFoundError),
        (lambda: segue.evaluate(TABLE.slice(0, 0), PROJECT), segue.InputError),
    ],
)
def test_errors(call: Callable[[], object], error: type[segue.SegueError]) -> None:
    """Each of its own type, with a message and what to do."""
    with pytest.raises(error) as raised:
        call()

    assert raised.value.message
    assert error is segue.DefinitionError or raised.value.hint


def test_rows_of_a_frame_that_are_no_events_are_an_error() -> None:
    """There is no file to keep them in, so nothing is dropped in silence."""
    bad = pa.table({**ROWS, "occurred_at": ["2026-05-01", "soon", "2026-05-02", "never"]})

    with pytest.raises(segue.InputError, match="2 rows are no events; row 2"):
        segue.evaluate(bad, PROJECT)


def test_an_engine_keeps_a_workspace(tmp_path: Path) -> None:
    """Made, filled, asked, closed, opened again."""
    text = "project: shop\nsegments:\n  keen: {when: did look at least 2 times within 7 days}\n"
    with segue.Engine.create(tmp_path / "shop", text) as engine:
        engine.record(TABLE)
        first = engine.evaluate("2026-05-04")
    with segue.Engine.open(tmp_path / "shop") as engine:
        again = engine.record(TABLE)

        assert engine.evaluate("2026-05-04").equals(first)
        assert (again.stored, again.duplicates) == (0, 4)
        assert engine.extent().people == 3
        assert engine.check().found == ()
        assert engine.standing("2026-05-04").at(1_777_852_800_000)["keen"].holds.tolist() == [
            True,
            False,
            False,
        ]


def test_definitions_are_kept_with_their_versions(tmp_path: Path) -> None:
    """Each version that was ever used, once."""
    text = "segments:\n  keen: {when: did look}\n"
    with segue.Engine.create(tmp_path, text) as engine:
        engine.record(TABLE)
        engine.evaluate()
        engine.evaluate()
    (tmp_path / "segue.yaml").write_text(text.replace("look", "buy"))
    with segue.Engine.open(tmp_path) as engine:
        engine.evaluate()

        assert [one.text for one in engine.definition_versions()] == [
            text,
            text.replace("look", "buy"),
        ]


def test_two_engines_cannot_hold_one_workspace(tmp_path: Path) -> None:
    """The second is told so."""
    with (
        segue.Engine.create(tmp_path, "segments: {}\n"),
        pytest.raises(segue.StoreLockedError),
    ):
        segue.Engine.open(tmp_path)


def test_other_definitions_may_be_asked_of_a_workspace(tmp_path: Path) -> None:
    """Without becoming a version of its own."""
    with segue.Engine.create(tmp_path, "segments: {}\n") as engine:
        engine.record(TABLE)
    with segue.Engine.open(tmp_path, definitions=PROJECT) as engine:
        assert rows(engine.evaluate("2026-05-04")) == EXPECTED
        assert engine.definition_versions() == []
