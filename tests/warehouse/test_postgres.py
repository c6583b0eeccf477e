"""Events out of a real PostgreSQL, memberships and transitions into it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segue.bootstrap.engine import Engine
from segue.cli.app import app
from segue.domain.errors import InputError, UsageError
from tests.http.running import running
from tests.warehouse.server import connected, serving

DEFINITIONS = """\
project: shop
segments:
  buyers: {title: Buyers, kind: purchase, when: did purchase}
  big: {title: Big spenders, kind: purchase, when: sum(purchase.total) >= 100}
  fresh: {title: Bought lately, when: did purchase within 7 days}
"""
ORDERS = """
CREATE TABLE orders (
  order_id uuid PRIMARY KEY, customer text, paid_at timestamptz, total numeric(12, 2),
  details jsonb, lines int[], gift boolean, shipped date
);
INSERT INTO orders VALUES
  ('00000000-0000-0000-0000-000000000001', 'ana', '2026-05-01T10:00:00+02', 60.10,
   '{"shop": {"city": "Köln"}}', '{1,2}', true, '2026-05-02'),
  ('00000000-0000-0000-0000-000000000002', 'ana', '2026-05-03T08:00:00Z', 39.90, '{}', '{}', false, NULL),
  ('00000000-0000-0000-0000-000000000003', 'bob', '2026-05-03T09:00:00Z', 5, NULL, NULL, NULL, NULL),
  ('00000000-0000-0000-0000-000000000004', NULL, '2026-05-03T09:00:00Z', 5, NULL, NULL, NULL, NULL)
"""
COLUMNS = {"person_id": "customer", "occurred_at": "paid_at", "event_id": "order_id"}
AT = "2026-05-09T00:00:00Z"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as address:
        with connected(address) as connection, connection.cursor() as cursor:
            for statement in ORDERS.split(";\n"):
                cursor.execute(statement)
        yield address


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without events, in whose folder one is."""
    Engine.create(tmp_path / "shop", DEFINITIONS).close()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


def asked(address: str, query: str) -> list[tuple[Any, ...]]:
    with connected(address) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def imported(engine: Engine, address: str, query: str = "SELECT * FROM orders") -> Any:
    return engine.import_query(address, query, columns=COLUMNS, event_name="purchase")


# ------------------------------------------------------------------------------------------ reading


def test_rows_become_events_with_exact_numbers_and_instants(server: str, shop: Path) -> None:
    with Engine.open(shop) as engine:
        found = imported(engine, server)
        assert (found.rows, found.stored, found.rejected) == (4, 3, 1)
        assert engine.evaluate(AT, ["big"]).to_pydict()["person_id"] == ["ana"]
        row = next(
            one for one in engine.evaluate(AT, ["fresh"]).to_pylist() if one["person_id"] == "bob"
        )
        assert row["leaves_at"].isoformat() == "2026-05-10T09:00:00+00:00"
        target = shop / "events.jsonl"
        engine.export("events", target)
    rows = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    first = next(row for row in rows if row["event_id"].endswith("1"))
    assert first["occurred_at"].startswith("2026-05-01T08:00:00")
    assert first["properties"]["total"] == "60.10"
    assert first["properties"]["gift"] is True
    assert json.loads(first["properties"]["details"])["shop"]["city"] == "Köln"


def test_documents_become_properties_and_plain_times_are_those_of_the_project(
    server: str, shop: Path
) -> None:
    query = (
        "SELECT customer, timestamp '2026-05-01T10:00:00' AS paid_at, order_id,"
        " details AS properties FROM orders WHERE details IS NOT NULL AND lines <> '{}'"
    )
    with Engine.open(shop) as engine:
        found = engine.import_query(
            server, query, columns=COLUMNS, time_zone="Europe/Berlin", event_name="purchase"
        )
        engine.export("events", shop / "events.jsonl")
    assert found.stored == 1
    (row,) = map(json.loads, (shop / "events.jsonl").read_text("utf-8").splitlines())
    assert row["occurred_at"].startswith("2026-05-01T08:00:00")
    assert row["properties"] == {"shop": {"city": "Köln"}}


def test_what_is_no_event_is_kept_with_the_reason(server: str, shop: Path) -> None:
    with Engine.open(shop) as engine:
        found = imported(engine, server)
    assert found.rejects is not None
    (line,) = found.rejects.read_text("utf-8").splitlines()
    assert "person" in json.loads(line)["reason"]


def test_the_same_query_again_changes_nothing(server: str, shop: Path) -> None:
    with Engine.open(shop) as engine:
        imported(engine, server)
        again = imported(engine, server)
        assert (again.stored, again.duplicates) == (0, 3)
        assert imported(engine, server, "SELECT * FROM orders WHERE false").rows == 0


@pytest.mark.parametrize(
    ("address", "query", "kind", "said"),
    [
        ("mysql://db/x", "SELECT 1", UsageError, "names no known database"),
        ("snowflake://db/x", "SELECT 1", UsageError, "adbc-driver-snowflake is not installed"),
        ("SERVER", "SELECT nothing FROM orders", InputError, 'column "nothing" does not exist'),
        ("SERVER", "SELECT 1 AS one", InputError, "person"),
        ("postgresql://segue:secret@127.0.0.1:1/shop", "SELECT 1", InputError, "127.0.0.1:1/shop"),
    ],
)
def test_what_cannot_be_asked_says_why_and_never_the_password(
    server: str, shop: Path, address: str, query: str, kind: type[Exception], said: str
) -> None:
    with Engine.open(shop) as engine, pytest.raises(kind) as told:
        imported(engine, server if address == "SERVER" else address, query)
    assert said in str(told.value)
    assert "secret" not in str(told.value)


# ------------------------------------------------------------------------------------------ writing


def test_tables_are_brought_to_what_is_known(server: str, shop: Path) -> None:
    """Once in full; again nothing changes, and no row is touched; later what changed, and only
    that; a late event takes a stay away that never was."""
    with Engine.open(shop) as engine:
        imported(engine, server)
        written = {one.table: one for one in engine.export_to(server, schema="mart", at=AT)}
        assert (written["segments"].rows, written["memberships"].rows) == (3, 5)
        expected = engine.history(AT).to_pylist()
        rows = asked(
            server, "SELECT segment_id, person_id, entered_at, left_at FROM mart.memberships"
        )
        assert sorted(map(str, rows)) == sorted(str(tuple(one.values())) for one in expected)
        stamps = asked(server, "SELECT DISTINCT written_at FROM mart.memberships")
        again = engine.export_to(server, schema="mart", at=AT)
        assert [(one.changed, one.removed) for one in again] == [(0, 0)] * 3
        assert asked(server, "SELECT DISTINCT written_at FROM mart.memberships") == stamps
        later = engine.export_to(server, schema="mart", at="2026-06-01")
        assert {one.table: one.changed for one in later}["memberships"] == 2  # both left "fresh"
        assert asked(server, "SELECT count(*) FROM mart.memberships WHERE left_at IS NOT NULL") == [
            (2,)
        ]
        imported(
            engine,
            server,
            "SELECT gen_random_uuid() AS order_id, 'bob' AS customer,"
            " timestamptz '2026-05-02T00:00:00Z' AS paid_at, 1.5 AS total",
        )
        moved = {one.table: one for one in engine.export_to(server, schema="mart", at="2026-06-01")}
        assert (moved["memberships"].changed, moved["memberships"].removed) == (2, 2)
        assert moved["memberships"].rows == 5


def test_nothing_is_half_written(server: str, shop: Path) -> None:
    """A table that refuses undoes the whole write."""
    with Engine.open(shop) as engine:
        imported(engine, server)
        engine.export_to(server, schema="whole", at="2026-05-02")
        before = asked(server, "SELECT * FROM whole.memberships ORDER BY 1, 2, 3")
        asked(server, "SELECT 1")
        with connected(server) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER TABLE whole.transitions ADD COLUMN note text NOT NULL")
            cursor.execute("ALTER TABLE whole.transitions DROP COLUMN kind")
        with pytest.raises(InputError, match="kind"):
            engine.export_to(server, schema="whole", at=AT)
        assert asked(server, "SELECT * FROM whole.memberships ORDER BY 1, 2, 3") == before
        with pytest.raises(UsageError, match="no name for a schema"):
            engine.export_to(server, schema='x"; drop table orders; --')


def test_published_transitions_are_added_to_those_that_are_there(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command line, while a server holds the workspace."""
    monkeypatch.chdir(tmp_path)
    with running(tmp_path / "live", definitions=DEFINITIONS) as live:
        for who in ("ana", "bob"):
            live.send("/v1/track", json={"userId": who, "event": "purchase"})
        command = [
            "export",
            "--to",
            server,
            "--schema",
            "live",
            "--workspace",
            str(tmp_path / "live"),
            "--json",
        ]
        first = CliRunner().invoke(app, command)
        assert first.exit_code == 0, first.output
        count = "SELECT count(*), count(DISTINCT id) FROM live.transitions"
        before = asked(server, count)
        live.send("/v1/track", json={"userId": "cat", "event": "purchase"})
        second = json.loads(CliRunner().invoke(app, command).stdout)
    added = {one["table"]: one["changed"] for one in second["tables"]}["transitions"]
    assert before[0][0] >= 4
    assert added >= 2
    assert asked(server, count) == [(before[0][0] + added,) * 2]
    published = asked(server, "SELECT kind, segment_id, person_id FROM live.transitions")
    assert ("entered", "buyers", "cat") in published


def test_the_command_reads_a_database(server: str, shop: Path) -> None:
    arguments = [
        "import",
        "--from",
        server,
        "--query",
        "SELECT * FROM orders",
        "--event-name",
        "purchase",
    ]
    mapped = [f"{one}={other}" for one, other in COLUMNS.items()]
    found = CliRunner().invoke(
        app, [*arguments, "--columns", ",".join(mapped), "--workspace", str(shop)]
    )
    assert found.exit_code == 1, found.output  # one row is no event
    assert "3 events stored" in found.output
    both = CliRunner().invoke(app, ["import", "x.csv", "--from", server, "--workspace", str(shop)])
    assert both.exit_code == 2
