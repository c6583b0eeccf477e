"""The benchmark of the live service, in small: it runs, and those who are asked agree.

Nothing is timed here: the machine that tests has other things to do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.live.__main__ import main
from bench.live.events import Traffic
from bench.live.periods import PERIODS, day, deviation, length, polled
from bench.live.segments import SEGMENTS, segments
from bench.live.world import Past, built
from segue.domain.instant import HOUR, MINUTE

SMALL = Past(events=6_000, people=600)
ALL = ["load", "latency", "turns", "histories", "restart", "idle", "day"]


def test_there_are_50_segments_and_no_two_alike():
    conditions = [one["when"] for one in segments(46).values()]
    assert len(set(conditions)) == SEGMENTS == 50


def test_a_history_is_made_once_and_copied_for_whoever_changes_it(tmp_path: Path):
    told: list[str] = []
    first = built(SMALL, tmp_path, told.append)
    count = len(told)
    assert built(SMALL, tmp_path, told.append) == first
    assert len(told) == count > 0
    assert first.transitions > SMALL.people
    assert first.copy(tmp_path / "copy").store.read_bytes() == first.workspace.store.read_bytes()


def test_requests_hold_as_many_events_as_asked_for():
    traffic = Traffic(SMALL.world, seed=1)
    head, _, body = traffic.batches(7)().partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/batch HTTP/1.1\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert body.count(b'"messageId"') == 7
    assert traffic.singles()().count(b'"messageId"') == 1


TRUTH = {
    ("here_now", "ann"): [(10 * MINUTE, 15 * MINUTE), (50 * MINUTE, 130 * MINUTE)],
    ("here_now", "bob"): [(0, 61 * MINUTE)],
}


def test_a_poll_sees_who_is_in_when_it_looks_and_nothing_else():
    known = polled(TRUTH, 0, 4 * HOUR, HOUR)
    assert known == {
        ("here_now", "ann"): [(60 * MINUTE, 180 * MINUTE)],
        ("here_now", "bob"): [(0, 120 * MINUTE)],
    }


def test_what_a_poll_gets_wrong_is_counted_in_time_and_in_entries():
    found = deviation("job", TRUTH, polled(TRUTH, 0, 4 * HOUR, HOUR), 0)
    wrong = 5 + 10 + 50 + 59
    assert found.wrong == pytest.approx(wrong / (5 + 80 + 61))
    assert (found.late, found.never) == (1.0, 0.5)
    assert found.middle_ms == found.most_ms == 10 * MINUTE


def test_whoever_publishes_what_was_true_is_not_wrong():
    found = deviation("self", TRUTH, TRUTH, 0)
    assert (found.wrong, found.late, found.never) == (0, 0, 0)
    assert sum(map(length, TRUTH.values())) == 146 * MINUTE


def test_over_a_day_the_live_loop_publishes_the_batch_history_exactly_and_periodic_jobs_do_not():
    found = day(people=60)
    own, *others = found.deviations
    assert (own.wrong, own.late, own.never, found.retracted) == (0, 0, 0, 0)
    assert len(others) == len(PERIODS)
    assert all(one.wrong > 0 and one.late > 0 for one in others)


def test_every_section_runs_and_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A served workspace under load: `restart` raises where an acknowledged event is lost, and no
    request may fail. Whether promises are kept is not asked."""
    record = tmp_path / "record.md"
    main(["--quick", "--data", str(tmp_path / "data"), "--record", str(record)])
    text = record.read_text()
    assert all(f"[start:{name}]" in text for name in ["promises", *ALL])
    assert str(tmp_path) not in text
    promised = [line for line in text.splitlines() if line.startswith("| durable events")]
    assert all(line.split("|")[3].endswith(" 0 errors ") for line in promised)
    assert "Probes that were not seen: 0. Errors: 0." in text
    assert "## A day, beside periodic jobs" in capsys.readouterr().out
