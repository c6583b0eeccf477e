"""A log that grows answers as if everything had been read at once, whatever came when."""

import random
from dataclasses import replace
from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore, parts
from segue.adapters.extract import Relation, ranks
from segue.timeline.evaluate import history, requests_of
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Code, TraitWrites
from segue.timeline.parts import Codebook, Groups
from tests.fuzz.stores import by_batch, table
from tests.fuzz.worlds import random_world


class Reading:
    """A store that receives a world in batches, and what it answers by distinct id."""

    def __init__(self, case):
        self.how = {
            "timezone": case.definitions.timezone,
            "not_activity": case.definitions.not_activity,
        }
        self.store = DuckDBStore.open(None, timezone=case.definitions.timezone)
        self.codebook = Codebook()
        self.ranked = []

    @property
    def events(self):
        return Relation(self.store._db, "events", tuple(self.store._names.texts))

    @property
    def next_ref(self):
        ((following,),) = self.store._db.execute(
            "SELECT coalesce(max(ref), -1) + 1 FROM events"
        ).fetchall()
        return following

    def append(self, events):
        """Store a batch; the codes of distinct ids that lost an event to another content."""
        before = self.contents()
        for received_at, batch in groupby(by_batch(events), key=lambda one: one["received_at"]):
            self.store.append(table(batch), received_at=received_at)
        return np.array(sorted({who for ref, who in before - self.contents()}), np.int32)

    def contents(self):
        return set(self.store._db.execute("SELECT ref, who FROM events").fetchall())

    def everything(self, requests, before=None):
        codes = len(self.store._ids)
        return parts.everything(
            self.events, codes, requests, self.codebook, before=before, **self.how
        )

    def delta(self, requests, first):
        return parts.delta(
            self.events,
            requests,
            self.codebook,
            rows=parts.few_rows(self.store._db, first),
            **self.how,
        )

    def reread(self, requests, whos):
        return parts.reread(self.events, whos, requests, self.codebook, **self.how)

    def ranks(self, refs):
        self.ranked.append(refs)
        return ranks(self.events, refs)

    def groups(self, person_ids):
        """The people with these ids, sorted like them, as groups of codes."""
        ids = self.store._ids
        members = [
            [ids.code(one) for one in self.store.distinct_ids(person) if ids.code(one) is not None]
            for person in person_ids
        ]
        return Groups(
            np.array([m[0] if m else -1 for m in members], np.int32),
            np.cumsum([0, *map(len, members)]),
            np.array([code for m in members for code in m], np.int32),
        )


def grown(reading, events, rng, requests):
    """The log of the events, stored in batches; some requests are learned or forgotten midway."""
    cuts = sorted(rng.choices(range(len(events) + 1), k=rng.choice((1, 2, 4, 8))))
    late = [one for one in requests if rng.random() < 0.2]
    known = [one for one in requests if one not in late]
    first, *batches = [
        events[low:high] for low, high in zip([0, *cuts], [*cuts, len(events)], strict=True)
    ]
    reading.append(first)
    log = GrowingLog(reading.everything(known))
    learned_at = rng.randrange(len(batches)) if late else -1
    renewal = Renewal(reading, rng)
    for i, batch in enumerate(batches):
        log = renewal.of(log)
        next_ref = reading.next_ref
        changed = reading.append(batch)
        log = log.plus(reading.delta(log.requests, next_ref))
        if len(changed):
            log = log.replacing(reading.reread(log.requests, changed))
        if i == learned_at:
            log = log.learning(reading.everything(late))
        if len(reading.store._ids) and rng.random() < 0.2:
            some = rng.sample(range(len(reading.store._ids)), k=1)
            log = log.replacing(reading.reread(log.requests, np.array(some, np.int32)))
        if rng.random() < 0.1:
            forgotten = rng.sample(sorted(log.requests, key=repr), k=min(3, len(log.requests)))
            log = log.forgetting(forgotten)
            log = log.learning(reading.everything(forgotten))
    return renewal.of(log)


class Renewal:
    """Reads now and then all that a log is made of anew, while that goes on growing."""

    def __init__(self, reading, rng):
        self.reading, self.rng = reading, rng
        self.earlier = self.base = None

    def of(self, log):
        """The log, or the same renewed."""
        if self.earlier is not None and any(
            one.origin >= self.earlier.origin for one in log.learned
        ):
            self.earlier = self.base = None
        if self.earlier is None and self.rng.random() < 0.4:
            self.earlier, self.before = log, self.reading.next_ref
        if self.earlier is not None and self.base is None and self.rng.random() < 0.5:
            self.base = self.reading.everything(log.requests, before=self.before)
        if self.base is None or self.rng.random() < 0.5:
            return log
        log, self.earlier, self.base = log.renewed(self.base, self.earlier), None, None
        assert not log.learned
        return log


def rows(answer, person, kind):
    """One person's rows: instant, value or None, what else says what it is, reference."""
    one = answer.writes if isinstance(answer, TraitWrites) else answer
    places = range(int(one.offsets[person]), int(one.offsets[person + 1]))
    return [
        (
            int(one.at[k]),
            None if one.value is None or (one.known is not None and not one.known[k]) else int(one.value[k]),
            int(answer.kind[k]) if isinstance(answer, TraitWrites) else 0,
            None if not kind else int(one.source[k]),
        )
        for k in places
    ]  # fmt: skip


def keyed(log, requests, person):
    """One person's events of all ordered answers, by instant: the classes of equal order keys."""
    seen = {}
    for request in requests:
        if getattr(request, "ordered", False):
            one = log.answers[request]
            for k in range(int(one.offsets[person]), int(one.offsets[person + 1])):
                seen.setdefault(int(one.at[k]), {}).setdefault(int(one.order[k]), set()).add(
                    int(one.source[k])
                )
    return {at: [keys[key] for key in sorted(keys)] for at, keys in seen.items()}


def check(reading, log, person_ids, requests):
    """Compare what the log gathers of some people with what the store reads of them."""
    got = log.gather(reading.groups(person_ids), reading.ranks)
    read = reading.store.read(
        requests, people=person_ids, sources=True, not_activity=reading.how["not_activity"]
    )
    expected = read.log
    assert list(read.person_ids) == list(person_ids)
    assert got.first_seen.tolist() == expected.first_seen.tolist()
    assert set(got.answers) == set(requests)
    renamed = {}
    for request in requests:
        ordered = getattr(request, "ordered", True)
        coded = isinstance(getattr(request, "reading", None), Code)
        for i in range(len(person_ids)):
            mine, theirs = (rows(one.answers[request], i, ordered) for one in (got, expected))
            if coded:
                assert [row[1] is None for row in mine] == [
                    row[1] is None for row in theirs
                ] or not ordered
                if ordered:
                    for a, b in zip(mine, theirs, strict=True):
                        assert renamed.setdefault(a[1], b[1]) == b[1]
                mine, theirs = ([(r[0], r[2], r[3]) for r in one] for one in (mine, theirs))
            if not ordered:
                mine, theirs = (sorted(one, key=repr) for one in (mine, theirs))
            assert mine == theirs, (request, person_ids[i])
    assert len(set(renamed.values())) == len(renamed)
    for i in range(len(person_ids)):
        assert keyed(got, requests, i) == keyed(expected, requests, i)
    return got, expected


@settings(max_examples=25)
@given(st.integers(0, 1 << 30))
def test_a_grown_log_is_the_log(seed):
    """Batches in any order, merges, ties, duplicates, contents replaced, requests learned."""
    rng = random.Random(seed)
    case = random_world(seed, segments=6, people=5, quantiles=False)
    case = replace(case, events=tuple(rng.sample(case.events, len(case.events))))
    requests = sorted(requests_of(case.definitions), key=repr)
    reading = Reading(case)
    try:
        log = grown(reading, list(case.events), rng, requests)
        everybody = reading.store.read([]).person_ids
        check(reading, log, list(everybody), requests)
        some = sorted(rng.sample(list(everybody), k=rng.randint(0, len(everybody))), key=str.encode)
        got, expected = check(reading, log, some, requests)
        at = case.ats[0]
        mine, theirs = history(case.definitions, got, at), history(case.definitions, expected, at)
        for segment_id, spans in mine.items():
            assert spans.offsets.tolist() == theirs[segment_id].offsets.tolist()
            assert spans.start.tolist() == theirs[segment_id].start.tolist()
            assert spans.end.tolist() == theirs[segment_id].end.tolist()
    finally:
        reading.store.close()
