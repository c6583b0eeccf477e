"""`make bench-all`: everybody agrees, a run goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.peers import __main__ as peers
from bench.peers import plan
from bench.peers.asking import CHANGE, HISTORY, REFRESH, Task
from bench.peers.pages import blocks, proof
from bench.peers.record import FILE, Record
from bench.peers.running import Result, run

SMALL = replace(plan.QUICK, events=(20_000,), people=2_000, segments=(10,))


WITHOUT = ("--without", "spark", "--without", "chdb")
"""Who is not asked here: Spark takes long to start, and chDB is half a gigabyte that only
benchmarks install."""


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A run of everybody who is here, stopped at once and continued."""
    folder = tmp_path_factory.mktemp("docs") / "proofs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "QUICK", SMALL)
        arguments = ["--quick", *WITHOUT, "--record", str(folder)]
        assert peers.main([*arguments, "--minutes", "0.0001"]) == peers.UNFINISHED
        begun = json.loads((folder / FILE).read_text())["results"]
        assert len(begun) == 1
        assert peers.main([*arguments, "--go-on"]) == 0
        kept = Record.read(folder)
        assert kept.results.items() >= begun.items()
        assert proof(kept) == (folder / "benchmarks.md").read_text()
        assert len(list(folder.glob("growth-*.svg"))) == 5
        yield kept


def test_all_peers_have_the_members_of_segue_in_all_that_they_are_asked(record: Record) -> None:
    asked = plan.tasks(SMALL, WITHOUT[1::2])
    assert len(asked) == 7 + 7 + 4
    assert {task.ask for task in asked} == {REFRESH, HISTORY, CHANGE}
    for task in asked:
        cell = record.of(task.peer, task.ask, task.events, task.segments)
        assert cell is not None
        assert cell.agrees
        assert cell.warm


def test_a_time_whose_answer_is_another_one_is_not_shown_and_is_said(record: Record) -> None:
    results = json.loads(json.dumps(record.results))
    key = next(name for name in results if name.startswith("duckdb fused|refresh"))
    results[key]["digest"] = "0" * 64
    wrong = replace(record, results=results)
    assert list(wrong.disagreements()) == [f"{key}: other answers than Segue's"]
    row = next(line for line in blocks(wrong)["segments"].splitlines() if "DuckDB, fused" in line)
    assert row == "| DuckDB, fused | — |"


def test_who_takes_longer_than_the_limit_is_said_to(record: Record) -> None:
    slow = replace(record, results={})
    task = Task("pandas each", REFRESH, SMALL.most, SMALL.people, 10, SMALL.rounds)
    slow.add(Result(task, 60.0, load=1.0, slow="cold"))
    assert "| pandas, one mask per segment | more than 60 s |" in blocks(slow)["segments"]
    assert not list(slow.disagreements())


def test_a_worker_that_is_too_slow_is_ended(tmp_path: Path) -> None:
    task = Task("polars each", REFRESH, 20_000, 2_000, 10, 1)
    assert run(task, tmp_path / "none", 0.001, "1g").slow == "load"


def test_a_worker_that_fails_says_why(tmp_path: Path) -> None:
    task = Task("duckdb each", REFRESH, 20_000, 2_000, 10, 1)
    assert "none" in str(run(task, tmp_path / "none", 60.0, "1g").failed)


def test_a_record_of_another_machine_is_not_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Record("another", "a command", quick=True, date="2026-11-23").write(tmp_path)
    arguments = ["--quick", *WITHOUT, "--record", str(tmp_path), "--go-on"]
    assert peers.main(arguments) == 2
    assert "another machine" in capsys.readouterr().err


def test_a_missing_java_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_JAVA", "/nowhere")
    assert peers.main(["--quick", "--without", "chdb"]) == 2
    assert "Java 17" in capsys.readouterr().err
