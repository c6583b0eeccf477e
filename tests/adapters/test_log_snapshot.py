"""A snapshot of a growing log is the log again, or nothing at all."""

import json

import numpy as np
import pytest

from segue.adapters import log_snapshot
from segue.adapters.log_snapshot import load, save
from segue.domain.instant import FOREVER
from segue.language.tree import Op, Test
from segue.timeline.growing import GrowingLog
from segue.timeline.log import (
    Code,
    Log,
    Occurrences,
    Request,
    Satisfies,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Codebook, Groups, Part
from tests.adapters.stores import named

VIEW = Request(named("view"))
BUY = Request(named("buy"), Code(("what",)), ordered=True)
PLAN = TraitRequest("plan", Satisfies(Test(("plan",), Op.IS_SET)))
FACTS = {"next_ref": 12, "fingerprint": "abc"}


def int64(*numbers):
    return np.array(numbers, np.int64)


def part(whos, at, ref):
    """One view, one purchase and one write of a trait of each distinct id."""
    count = len(whos)
    offsets, each = np.arange(count + 1), np.full(count, at, np.int64)
    refs, order = np.full(count, ref, np.int64), np.full(count, 2, np.int32)
    bought = Occurrences(offsets, each, order, np.arange(count), np.ones(count, np.bool_), refs)
    plan = Occurrences(offsets, each, None, np.ones(count, np.int64), None, refs)
    answers = {
        VIEW: Occurrences(offsets, each),
        BUY: bought,
        PLAN: TraitWrites(plan, np.zeros(count, np.int8)),
    }
    return Part(np.array(whos, np.int32), Log(each, answers))


def only(one, *requests):
    """A part with some of its answers."""
    return Part(one.whos, Log(one.log.first_seen, {r: one.log.answers[r] for r in requests}))


def grown():
    """A log with a base, something learned, and something that came later."""
    base = part([0, 1, 2], 10, 1)
    log = GrowingLog(only(base, VIEW, BUY)).learning(only(base, PLAN))
    return log.plus(part([1, 3], 20, 5)).replacing(part([2], 30, 9))


def ranks(refs):
    return np.arange(len(refs))


def told(log):
    """All that a log says of two people."""
    people = Groups(np.array([0, 3], np.int32), int64(0, 3, 4), np.array([0, 1, 2, 3], np.int32))
    found = log.gather(people, ranks)
    parts = [found.first_seen.tolist()]
    for request in (VIEW, BUY, PLAN):
        answer = found.answers[request]
        one = answer.writes if isinstance(answer, TraitWrites) else answer
        parts += [one.offsets.tolist(), one.at.tolist()]
        parts += [None if one.value is None else one.value.tolist()]
        parts += [None if one.order is None else one.order.tolist()]
    return parts


def saved(folder):
    save(folder, grown(), Codebook(["é", "\ud800", "b"]), FACTS)
    return folder


def test_what_was_saved_is_loaded(tmp_path):
    """The log, the codes, the facts."""
    found = load(saved(tmp_path), [VIEW, BUY, PLAN])
    assert found is not None
    assert told(found.log) == told(grown())
    assert found.log.requests == {VIEW, BUY, PLAN}
    assert found.codebook.texts == ["é", "\ud800", "b"]
    assert found.facts == FACTS


def test_a_loaded_log_grows_on(tmp_path):
    """What is mapped from the file is never written to."""
    found = load(saved(tmp_path), [VIEW, BUY, PLAN])
    assert found is not None
    more = part([0, 4], 10, 11)
    assert told(found.log.plus(more)) == told(grown().plus(more))
    save(tmp_path, found.log.plus(more), found.codebook, FACTS)
    again = load(tmp_path, [VIEW, BUY, PLAN])
    assert again is not None
    assert told(again.log) == told(grown().plus(more))


def test_answers_that_nobody_wants_are_left_out(tmp_path):
    """A segment was removed meanwhile."""
    found = load(saved(tmp_path), [BUY])
    assert found is not None
    assert found.log.requests == {BUY}
    assert found.log.plus(only(part([7], 50, 20), BUY)).requests == {BUY}


def test_a_snapshot_that_lacks_an_answer_is_none(tmp_path):
    """A segment was added meanwhile."""
    assert load(saved(tmp_path), [VIEW, Request(named("other"))]) is None


def test_only_the_newest_arrays_are_kept(tmp_path):
    """Each snapshot takes the place of the one before."""
    saved(saved(tmp_path))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    """The disk is full."""
    saved(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_snapshot, "_flush", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, GrowingLog(part([0], 1, 1)), Codebook(), {})
    monkeypatch.undo()
    found = load(tmp_path, [VIEW])
    assert found is not None
    assert found.facts == FACTS
    assert len(list(tmp_path.iterdir())) == 2


def header(folder):
    return folder / "snapshot.json"


def arrays(folder):
    (found,) = folder.glob("arrays-*.bin")
    return found


def cut_short(folder):
    arrays(folder).write_bytes(arrays(folder).read_bytes()[:-1])


def emptied(folder):
    arrays(folder).write_bytes(b"")


def zeroed(folder):
    arrays(folder).write_bytes(b"\0" * arrays(folder).stat().st_size)


def changed_header(folder):
    header(folder).write_text(
        header(folder).read_text().replace('"next_ref": 12', '"next_ref": 13')
    )


def halved_header(folder):
    header(folder).write_text(header(folder).read_text()[:200])


def other_format(folder):
    body = json.loads(header(folder).read_text().partition("\n")[2])
    log_snapshot._write_header(header(folder), json.dumps(body | {"format": 0}))


def lacking(folder):
    body = json.loads(header(folder).read_text().partition("\n")[2])
    del body["log"]["layers"]
    log_snapshot._write_header(header(folder), json.dumps(body))


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        emptied,
        zeroed,
        changed_header,
        halved_header,
        other_format,
        lacking,
        lambda folder: arrays(folder).unlink(),
        lambda folder: header(folder).unlink(),
        lambda folder: header(folder).write_bytes(b"\xff\xfe"),
        lambda folder: header(folder).write_text(""),
    ],
)
def test_what_is_damaged_is_none(tmp_path, damage):
    """It is only a cache: whatever is wrong with it, it is as if it were not there."""
    damage(saved(tmp_path))
    assert load(tmp_path, [VIEW]) is None


def test_no_snapshot_is_none(tmp_path):
    """Nothing was saved yet."""
    assert load(tmp_path / "nowhere", []) is None


def test_an_empty_log(tmp_path):
    """A store without events."""
    nobody = Part(
        np.empty(0, np.int32), Log(np.empty(0, np.int64), {VIEW: Occurrences(int64(0), int64())})
    )
    save(tmp_path, GrowingLog(nobody), Codebook(), {})
    found = load(tmp_path, [VIEW])
    assert found is not None
    people = Groups(np.array([5], np.int32), int64(0, 1), np.array([5], np.int32))
    assert found.log.gather(people, ranks).first_seen.tolist() == [FOREVER]
