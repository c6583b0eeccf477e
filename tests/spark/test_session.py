"""Sessions: what is said where there is no cluster, and that Spark Connect answers the same."""

import socket
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import segue
from segue.adapters.spark.session import _must_answer, opened
from segue.demo import definitions, simulate
from segue.domain.errors import InputError, UsageError
from tests.spark.answers import rows_of
from tests.spark.cluster import connecting, free_port
from tests.spark.commands import outcomes_of


@pytest.mark.parametrize("address", ["spark://127.0.0.1:{port}", "sc://127.0.0.1:{port}"])
def test_nothing_answers(address: str) -> None:
    """Said at once: Spark would go on trying for a minute."""
    master = address.format(port=free_port())
    with pytest.raises(InputError, match=f"nothing answers at {master}"), opened(master):
        pass


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "nowhere.invalid,localhost:{port}"])
def test_one_of_several_hosts_answers(place: str) -> None:
    with socket.create_server(("localhost", 0)) as server:
        _must_answer(f"spark://{place.format(port=server.getsockname()[1])}")


@pytest.mark.parametrize(
    ("master", "asked"),
    [
        ("spark://head", ("head", 7077)),
        ("sc://head/;token=abc", ("head", 15002)),
        ("spark://[::1]:7078", ("::1", 7078)),
    ],
)
def test_where_it_is_asked(
    master: str, asked: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual port where none is said; hosts of either internet."""
    places: list[object] = []

    def create_connection(place: object, timeout: float) -> socket.socket:
        places.append(place)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", create_connection)
    _must_answer(master)
    assert places == [asked]


@pytest.mark.parametrize("master", ["spark://127.0.0.1:port", "spark://", "sc://"])
def test_an_address_that_is_none(master: str) -> None:
    with pytest.raises(InputError, match="nothing answers"), opened(master):
        pass


def test_pyspark_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is missing, the error says what to install."""
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(UsageError) as raised, opened("local[1]"):
        pass
    assert "pip install 'segue[spark]'" in raised.value.hint


def test_spark_connect_answers_the_same(tmp_path: Path) -> None:
    """The demo's members and history over a server of Spark Connect, a rank among them."""
    pq.write_table(pa.table(simulate()), tmp_path / "events.parquet")
    (tmp_path / "segue.yaml").write_text(definitions())
    with connecting() as master:
        asked = ["--events", "events.parquet", "--definitions", "segue.yaml"]
        on = ["--engine", "spark", "--master", master, "--partitions", "2"]
        outcomes = outcomes_of(
            [
                ("history", *asked, *on, "--out", "history.parquet"),
                ("evaluate", *asked, *on, "--runs", str(tmp_path / "runs"), "--json"),
                ("evaluate", *asked, "--json"),
            ],
            tmp_path,
        )

    assert [code for code, *_ in outcomes] == [0, 0, 0], outcomes
    here = segue.history(str(tmp_path / "events.parquet"), tmp_path / "segue.yaml")
    assert rows_of(pq.read_table(tmp_path / "history.parquet")) == rows_of(here)
    assert outcomes[1][1] == outcomes[2][1]
