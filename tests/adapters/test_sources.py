"""Files and frames become events: good rows load, bad rows are named with their reason."""

import datetime as dt
import gzip
import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.sources import Layout, guess_columns, read_arrow, read_files, sample_file
from segue.adapters.sources import read as reading
from segue.domain.errors import InputError, NotFoundError, UsageError
from segue.domain.instant import parse_instant

HEAD = "person_id,event,occurred_at"


def load(path, **layout):
    """All events and all rejected rows of a file."""
    batches = list(read_files([path], Layout(**layout)))
    events = [row for batch in batches for row in batch.events.to_pylist()]
    return events, [fault for batch in batches for fault in batch.rejected]


def csv(tmp_path, *lines, head=HEAD, name="events.csv"):
    """A CSV file of these lines."""
    path = tmp_path / name
    path.write_bytes("\n".join([head, *lines, ""]).encode("utf-8", "surrogateescape"))
    return path


def jsonl(tmp_path, *rows):
    """A JSON Lines file of these objects (or raw lines)."""
    path = tmp_path / "events.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


# ----------------------------------------------------------------------------------------- formats


def test_csv(tmp_path):
    """Every value is text; an empty cell is missing, a quoted empty one is the empty text."""
    path = csv(
        tmp_path,
        'ann,view,2026-05-01T10:00:00Z,"/a, ""b""",12.5,',
        'bea,view,2026-05-01 10:00:00,,"",1',
        head="\ufeff" + HEAD + ",path,amount,n",
    )
    events, rejected = load(path, timezone="Europe/Berlin")
    assert not rejected
    assert [one["distinct_id"] for one in events] == ["ann", "bea"]
    assert events[0]["occurred_at"] - events[1]["occurred_at"] == 2 * 3_600_000
    assert [json.loads(one["properties"]) for one in events] == [
        {"path": '/a, "b"', "amount": "12.5"},
        {"amount": "", "n": "1"},
    ]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_csv_with_other_delimiters(mark, tmp_path):
    """Told apart by the header."""
    path = csv(
        tmp_path,
        mark.join(["ann", "a,b", "2026-05-01", "x"]),
        head=mark.join([HEAD.replace(",", mark), "p"]),
    )
    (one,), rejected = load(path)
    assert (one["event"], one["properties"], rejected) == ("a,b", '{"p":"x"}', [])


def test_json_lines(tmp_path):
    """Types are kept; a `properties` object is merged with the other keys, nulls in it kept."""
    path = jsonl(
        tmp_path,
        {"person_id": 7, "event": "buy", "occurred_at": 1_777_629_600, "event_id": "e1", "sequence": 3,
         "properties": {"total": 1.50, "coupon": None, "big": 2**60}, "vip": True, "total": 9},
        b"",
        {"person_id": "ann", "event": "view", "occurred_at": "2026-05-01", "extra": {"a": [1]}},
    )  # fmt: skip
    (buy, view), rejected = load(path)
    assert not rejected
    assert (buy["distinct_id"], buy["event_id"], buy["sequence"]) == ("7", "e1", 3)
    assert json.loads(buy["properties"]) == {
        "vip": True,
        "total": 1.5,
        "coupon": None,
        "big": 2**60,
    }
    assert json.loads(view["properties"]) == {"extra": {"a": [1]}}


def test_parquet_and_its_types(tmp_path):
    """Numbers stay numbers, times become RFC 3339, null and NaN cells are left out."""
    table = pa.table(
        {
            "user": pa.array([1, 2], pa.int64()),
            "event": pa.array(["a", "b"]).dictionary_encode(),
            "ts": pa.array(
                [dt.datetime(2026, 5, 1, 10), dt.datetime(2026, 5, 1, 11)], pa.timestamp("us")
            ),
            "n": pa.array([1.5, float("nan")]),
            "i": pa.array([2**62, None], pa.int64()),
            "at": pa.array([dt.datetime(2026, 5, 1), None], pa.timestamp("ms", "Europe/Berlin")),
            "day": pa.array([dt.date(2026, 5, 1), None]),
            "list": pa.array([[1, None], None]),
            "ok": pa.array([True, None]),
            "none": pa.nulls(2),
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")
    columns = {"person_id": "user", "occurred_at": "ts"}
    (a, b), rejected = load(tmp_path / "events.parquet", columns=columns, timezone="Europe/Berlin")
    assert not rejected
    assert a["occurred_at"] == parse_instant("2026-05-01T10:00", "Europe/Berlin")
    assert json.loads(a["properties"]) == {
        "n": 1.5, "i": 2**62, "at": "2026-05-01T00:00:00.000Z", "day": "2026-05-01", "list": [1, None], "ok": True,
    }  # fmt: skip
    assert b["properties"] == "{}"
    assert [one["distinct_id"] for one in (a, b)] == ["1", "2"]


ROWS = {
    "person_id": ["a", "b"],
    "event": ["x", "y"],
    "occurred_at": ["2026-05-01", "2026-05-02"],
    "n": [1, 2],
}


@pytest.mark.parametrize(
    "frame",
    [pa.table(ROWS), pd.DataFrame(ROWS), pl.DataFrame(ROWS)],
    ids=["arrow", "pandas", "polars"],
)
def test_frames(frame):
    """Anything that speaks the Arrow C-stream interface gives the same events."""
    (batch,) = read_arrow(frame)
    assert batch.events.to_pylist() == next(iter(read_arrow(pa.table(ROWS)))).events.to_pylist()
    assert batch.events["properties"].to_pylist() == ['{"n":1}', '{"n":2}']


def test_a_pandas_index_and_missing_numbers():
    """An index column is no property, and what pandas turned into floats is whole again."""
    frame = pd.DataFrame({**ROWS, "person_id": [1.0, 2.0]}, index=["i", "j"])
    (batch,) = read_arrow(frame)
    assert batch.events["distinct_id"].to_pylist() == ["1", "2"]
    assert batch.events["properties"].to_pylist() == ['{"n":1}', '{"n":2}']


def test_globs_compression_and_order(tmp_path):
    """A glob is read file by file, in the order of names; gzip is recognised."""
    for name in ("b", "a"):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt") as file:
            file.write(f"{HEAD}\n{name},x,2026-05-01\n")
    batches = list(read_files([str(tmp_path / "*.csv.gz")]))
    assert [batch.events["distinct_id"].to_pylist() for batch in batches] == [["a"], ["b"]]
    assert [batch.source.rpartition("/")[2] for batch in batches] == ["a.csv.gz", "b.csv.gz"]


# ------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01T10:00:00.123456Z", "2026-05-01T10:00:00.123Z"),
        ("2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00Z"),
        ("2026-05-01 10:00:00.5 UTC", "2026-05-01T10:00:00.5Z"),
        ("2026-05-01 10:00:00", "2026-05-01T08:00:00Z"),
        ("2026-05-01T10:00", "2026-05-01T08:00:00Z"),
        ("2026-05-01", "2026-04-30T22:00:00Z"),
        ("1777629600", "2026-05-01T10:00:00Z"),
        ("1777629600123", "2026-05-01T10:00:00.123Z"),
        ("1777629600.5", "2026-05-01T10:00:00.5Z"),
        ("0", "1970-01-01T00:00:00Z"),
        ("7289654399999", "2200-12-31T23:59:59.999Z"),
        ("7289654400000", "not within the years"),
        ("-1", "not within the years"),
        ("1969-12-31", "not within the years"),
        ("2300-01-01", "not within the years"),
        ("99999999999999999999", "not within the years"),
        ("May 1, 2026", "no instant"),
        ("01/05/2026", "no instant"),
        ("2026-02-30", "no instant"),
        ("1e9", "no instant"),
        ("", "no occurred_at"),
    ],
)
def test_times(text, expected, tmp_path):
    """RFC 3339, zone-less in the layout's zone, seconds and milliseconds; 1970 to 2200."""
    path = csv(tmp_path, f"ann,x,{text}".replace("May 1, 2026", '"May 1, 2026"'))
    events, rejected = load(path, timezone="Europe/Berlin")
    if events:
        assert events[0]["occurred_at"] == parse_instant(expected)
    else:
        assert expected in rejected[0].reason


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("01.05.2026 10:00", "%d.%m.%Y %H:%M", "2026-05-01T08:00:00Z"),
        ("05/01/26", "%m/%d/%y", "2026-04-30T22:00:00Z"),
        ("2026-05-01 10:00 -0500", "%Y-%m-%d %H:%M %z", "2026-05-01T15:00:00Z"),
    ],
)
def test_times_of_a_given_format(text, form, expected, tmp_path):
    """A `strptime` format, with or without a zone; other times are rejected."""
    path = csv(tmp_path, f"ann,x,{text}", "ann,x,2026-05-01T10:00:00Z")
    (one,), (fault,) = load(path, timezone="Europe/Berlin", time_format=form)
    assert one["occurred_at"] == parse_instant(expected)
    assert fault.row == 2


def test_a_format_that_is_none(tmp_path):
    """Is an error of the call."""
    with pytest.raises(UsageError, match="%Q"):
        load(csv(tmp_path, "ann,x,1"), time_format="%Q")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1_777_629_600], pa.int32()), "2026-05-01T10:00:00Z"),
        (pa.array([1_777_629_600_123], pa.uint64()), "2026-05-01T10:00:00.123Z"),
        (pa.array([1_777_629_600.25]), "2026-05-01T10:00:00.25Z"),
        (pa.array([1_777_629_600_123_999_999], pa.timestamp("ns")), "2026-05-01T08:00:00.123Z"),
        (pa.array([1_777_629_600], pa.timestamp("s", "Asia/Tokyo")), "2026-05-01T10:00:00Z"),
        (pa.array([dt.date(2026, 5, 1)]), "2026-04-30T22:00:00Z"),
        (pa.array([dt.date(2026, 5, 1)], pa.date64()), "2026-04-30T22:00:00Z"),
    ],
)
def test_times_of_other_types(column, expected):
    """Timestamps and dates without a zone are in the layout's; finer than ms is floored."""
    table = pa.table({"person_id": ["a"], "event": ["x"], "occurred_at": column})
    (batch,) = read_arrow(table, Layout(timezone="Europe/Berlin"))
    assert batch.events["occurred_at"].to_pylist() == [parse_instant(expected)]


# ---------------------------------------------------------------------------------------- bad rows


def test_bad_rows_of_a_csv(tmp_path):
    """Each with its row number, reason and text; the good rows around them load."""
    path = csv(
        tmp_path,
        "ann,x,2026-05-01,1,{}",
        "ann,x",
        ",x,2026-05-01,1,{}",
        "ann,,2026-05-01,1,{}",
        "ann,x,yesterday,1,{}",
        "ann,$session_started,2026-05-01,1,{}",
        "ann,x,2026-05-01,one,{}",
        "ann,x,2026-05-01,1,[1]",
        "ann,x,2026-05-01,1,{no",
        "ann,x,2026-05-01,1,\udcff",
        "an\udcffn,x,2026-05-01,1,{}",
        "ann,x,2026-05-01,1,{},more",
        "bea,x,2026-05-01,,",
        head=HEAD + ",sequence,properties",
    )
    events, rejected = load(path)
    assert [one["distinct_id"] for one in events] == ["ann", "bea"]
    assert {fault.row: fault.reason for fault in rejected} == {
        2: "2 cells where the header has 5",
        3: "no person_id",
        4: "no event",
        5: "occurred_at is no instant",
        6: "derived events are computed, never stored",
        7: "sequence is no integer",
        8: "properties is no JSON object",
        9: "properties is no JSON object",
        10: "properties is no UTF-8",
        11: "person_id is no UTF-8",
        12: "6 cells where the header has 5",
    }
    assert [fault.row for fault in rejected] == sorted(fault.row for fault in rejected)
    assert "yesterday" in next(fault.raw for fault in rejected if fault.row == 5)
    assert "an\ufffdn" in next(fault.raw for fault in rejected if fault.row == 11)


def test_bad_lines_of_json_lines(tmp_path):
    """Line numbers, reasons and the line itself."""
    good = {"person_id": "ann", "event": "x", "occurred_at": 1}
    path = jsonl(
        tmp_path,
        good,
        b'{"person_id": "ann"',
        b"[1]",
        b'{"person_id": "\xff", "event": "x", "occurred_at": 1}',
        {**good, "occurred_at": True},
        {**good, "event": None},
        {**good, "properties": 5},
        b'{"person_id": "\\ud800", "event": "x", "occurred_at": 1}',
        b'{"person_id": "ann", "event": "x", "occurred_at": 1, "p": "\\ud800"}',
        b"[" * 100_000,
        good,
    )
    events, rejected = load(path)
    assert len(events) == 2
    assert [fault.row for fault in rejected] == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    reasons = [fault.reason for fault in rejected]
    assert reasons[0].startswith("no JSON: ")
    assert reasons[1] == "no JSON object"
    assert reasons[2].startswith("no UTF-8 at byte")
    assert rejected[0].raw == '{"person_id": "ann"'


def test_mixed_time_formats(tmp_path):
    """What can be read is read, the rest is rejected."""
    path = csv(
        tmp_path, "a,x,2026-05-01", "a,x,1777629600", "a,x,01/05/2026", "a,x,2026-05-01T10:00Z"
    )
    events, rejected = load(path)
    assert len(events) == 3
    assert [fault.row for fault in rejected] == [3]


@pytest.mark.parametrize("name", ["events.csv", "events.jsonl", "events.parquet"])
def test_an_empty_file(name, tmp_path):
    """Is an error that names the file."""
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=name):
        load(tmp_path / name)


def test_only_a_header(tmp_path):
    """Is a file without events."""
    assert load(csv(tmp_path)) == ([], [])


def test_a_missing_column(tmp_path):
    """The error names it, and the hint what it may be called."""
    path = csv(tmp_path, head="user_id,event_name,ts,props")
    with pytest.raises(
        InputError, match="no column person_id and no event and no occurred_at"
    ) as caught:
        load(path)
    assert "person_id=user_id,event=event_name,occurred_at=ts,properties=props" in caught.value.hint
    with pytest.raises(InputError, match="no such column: person_id=who"):
        load(path, columns={"person_id": "who"})
    with pytest.raises(UsageError, match="no column role 'user'"):
        load(path, columns={"user": "user_id"})


def test_files_that_are_not_there_or_of_no_kind(tmp_path):
    """Are errors before anything is read."""
    with pytest.raises(NotFoundError, match=r"none\*"):
        load(tmp_path / "none*.csv")
    (tmp_path / "events.xlsx").touch()
    with pytest.raises(InputError, match=r"end in \.xlsx"):
        load(tmp_path / "events.xlsx")
    with pytest.raises(InputError, match="Arrow C-stream"):
        list(read_arrow([1, 2]))


def test_names_that_are_sql(tmp_path):
    """Columns, events, people and values are data, whatever they look like."""
    evil = "x'); DROP TABLE events; --"
    path = csv(tmp_path, f'"{evil}","{evil}",2026-05-01,"{evil}"', head=f'{HEAD},"{evil}"')
    (one,), rejected = load(path)
    assert not rejected
    assert (one["distinct_id"], one["event"]) == (evil, evil)
    assert json.loads(one["properties"]) == {evil: evil}


def test_very_large_rows(tmp_path):
    """A property of a megabyte, NUL bytes, and ten thousand properties in one row."""
    wide = {"person_id": "ann", "event": "x", "occurred_at": 1} | {
        f"p{i}": i for i in range(10_000)
    }
    (one, two), rejected = load(jsonl(tmp_path, wide, {**wide, "big": "é\x00" * 2**19}))
    assert not rejected
    assert len(json.loads(one["properties"])) == 10_000
    assert json.loads(two["properties"])["big"] == "é\x00" * 2**19
    names = ",".join(f"p{i}" for i in range(2_000))
    cells = ",".join("v" for _ in range(2_000))
    (three,), _ = load(csv(tmp_path, f"ann,x,1,{cells}", head=f"{HEAD},{names}"))
    assert len(json.loads(three["properties"])) == 2_000


# ----------------------------------------------------------------------------------------- row ids


@settings(max_examples=20)
@given(rows=st.lists(st.sampled_from("abc"), min_size=1, max_size=30), size=st.integers(1, 7))
def test_ids_of_rows_do_not_depend_on_the_pieces(rows, size):
    """Equal rows all count, in whatever pieces the file is read."""
    table = pa.table(
        {"person_id": rows, "event": ["x"] * len(rows), "occurred_at": [1] * len(rows)}
    )
    whole = [row["event_id"] for batch in read_arrow(table) for row in batch.events.to_pylist()]
    pieces = pa.Table.from_batches(table.to_batches(max_chunksize=size))
    parts = [row["event_id"] for batch in read_arrow(pieces) for row in batch.events.to_pylist()]
    assert whole == parts
    assert len(set(whole)) == len(rows)


def test_the_same_file_twice_changes_nothing(tmp_path):
    """And a file that grew adds what was added."""
    lines = ["ann,x,2026-05-01"] * 3 + ["bea,x,2026-05-01"]
    store = DuckDBStore.open(None)
    stored = []
    for grown in (lines, lines, [*lines, "ann,x,2026-05-01"]):
        (batch,) = read_files([csv(tmp_path, *grown)])
        stored += [store.append(batch.events, received_at=1).stored]
    assert stored == [4, 0, 1]
    store.close()


def test_given_ids_are_kept(tmp_path):
    """Only rows without one get an id."""
    path = csv(tmp_path, "ann,x,1,e1", "ann,x,1,", head=HEAD + ",event_id")
    first, second = (one["event_id"] for one in load(path)[0])
    assert first == "e1"
    assert len(second) == 32


# ------------------------------------------------------------------------------------------ shapes


def short(events):
    return [
        (one["distinct_id"], one["event"], json.loads(one["properties"]), one["event_id"])
        for one in events
    ]


POSTHOG = [
    {"uuid": "u1", "event": "$pageview", "distinct_id": "anon", "timestamp": "2026-05-01T10:00:00.000Z",
     "properties": {"$pathname": "/", "$set_once": {"$initial_referrer": "g"}}, "team_id": 3, "person_id": "p"},
    {"uuid": "u2", "event": "$identify", "distinct_id": "ann", "timestamp": "2026-05-01T10:01:00.000Z",
     "properties": {"$anon_distinct_id": "anon", "$lib": "web", "$set": {"plan": "pro"}}},
    {"uuid": "u3", "event": "$set", "distinct_id": "ann", "timestamp": "2026-05-01T10:02:00.000Z",
     "properties": {"$set": {"plan": "max"}, "$unset": ["old"], "$lib": "web"}},
]  # fmt: skip
POSTHOG_EVENTS = [
    ("anon", "$pageview", {"path": "/", "$pathname": "/"}, "u1"),
    ("anon", "$set_once", {"$initial_referrer": "g"}, "u1#set_once"),
    ("ann", "$identify", {"plan": "pro", "$anon_distinct_id": "anon"}, "u2"),
    ("ann", "$set", {"plan": "max"}, "u3"),
    ("ann", "$unset", {"$unset": ["old"]}, "u3#unset"),
]


def test_posthog_exports(tmp_path):
    """Recognised as JSON Lines and as columns; nested traits become events of their own."""
    assert short(load(jsonl(tmp_path, *POSTHOG))[0]) == POSTHOG_EVENTS
    columns = {
        key: [row.get(key) for row in POSTHOG]
        for key in ("uuid", "event", "distinct_id", "timestamp", "team_id")
    }
    columns["properties"] = [json.dumps(row["properties"]) for row in POSTHOG]
    pq.write_table(pa.table(columns), tmp_path / "posthog.parquet")
    assert short(load(tmp_path / "posthog.parquet")[0]) == POSTHOG_EVENTS


SEGMENT = [
    {"type": "page", "anonymousId": "an1", "messageId": "m1", "timestamp": "2026-05-01T10:00:00Z",
     "name": "Pricing", "properties": {"path": "/pricing"}, "context": {"ip": "1.1.1.1"}},
    {"type": "track", "userId": "ann", "anonymousId": "an1", "messageId": "m2", "event": "Signed Up",
     "timestamp": "2026-05-01T10:01:00Z", "properties": {"plan": "pro"}},
    {"type": "identify", "userId": "ann", "anonymousId": "an1", "messageId": "m3",
     "timestamp": "2026-05-01T10:02:00Z", "traits": {"email": "a@b.c"}},
    {"type": "identify", "userId": "bea", "anonymousId": "an2", "messageId": "m4",
     "timestamp": "2026-05-01T10:03:00Z", "traits": {"email": "b@b.c"}},
    {"type": "screen", "userId": "bea", "messageId": "m5", "timestamp": "2026-05-01T10:04:00Z", "name": "Home"},
    {"type": "group", "userId": "bea", "messageId": "m6", "timestamp": "2026-05-01T10:05:00Z",
     "groupId": "g1", "traits": {"size": 5}},
    {"type": "alias", "userId": "bea", "messageId": "m7", "timestamp": "2026-05-01T10:06:00Z", "previousId": "b0"},
    {"type": "delete", "userId": "bea", "messageId": "m8", "timestamp": "2026-05-01T10:06:00Z"},
]  # fmt: skip
SEGMENT_EVENTS = [
    ("an1", "$pageview", {"name": "Pricing", "path": "/pricing"}, "m1"),
    ("ann", "$identify", {"$anon_distinct_id": "an1"}, "m2#link"),
    ("ann", "Signed Up", {"plan": "pro"}, "m2"),
    ("ann", "$identify", {"email": "a@b.c", "$anon_distinct_id": "an1"}, "m3"),
    ("bea", "$identify", {"email": "b@b.c", "$anon_distinct_id": "an2"}, "m4"),
    ("bea", "$screen", {"name": "Home"}, "m5"),
    ("bea", "$groupidentify", {"$group_key": "g1", "$group_set": {"size": 5}}, "m6"),
    ("bea", "$create_alias", {"alias": "b0"}, "m7"),
]


def test_segment_exports(tmp_path):
    """Recognised as JSON Lines and as columns; the first message with both ids links them."""
    events, rejected = load(jsonl(tmp_path, *SEGMENT))
    assert short(events) == SEGMENT_EVENTS
    assert [(fault.row, fault.reason) for fault in rejected] == [(8, "no event")]
    texts = [
        {key: json.dumps(cell) if isinstance(cell, dict) else cell for key, cell in row.items()}
        for row in SEGMENT
    ]
    schema = pa.schema([(key, pa.string()) for key in {key: None for row in texts for key in row}])
    pq.write_table(pa.Table.from_pylist(texts, schema=schema), tmp_path / "segment.parquet")
    assert short(load(tmp_path / "segment.parquet")[0]) == SEGMENT_EVENTS


# ----------------------------------------------------------------------------------------- guesses


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["user_id", "ts", "event", "props"],
         {"person_id": "user_id", "occurred_at": "ts", "event": "event", "properties": "props"}),
        (["Customer ID", "InvoiceDate", "Action"],
         {"person_id": "Customer ID", "occurred_at": "InvoiceDate", "event": "Action"}),
        (["userId", "eventName", "createdAt", "messageId"],
         {"person_id": "userId", "event": "eventName", "occurred_at": "createdAt", "event_id": "messageId"}),
        (["person_id", "event", "occurred_at", "user_id"],
         {"person_id": "person_id", "event": "event", "occurred_at": "occurred_at"}),
        (["colour", "size"], {}),
    ],
)  # fmt: skip
def test_guesses(names, expected):
    """By name, in any spelling, each with its reason."""
    guess = guess_columns(names)
    assert guess.columns == expected
    assert set(guess.reasons) == set(expected)
    assert guess.missing == tuple(
        role for role in ("person_id", "event", "occurred_at") if role not in expected
    )


def test_a_guess_by_values(tmp_path):
    """A column of times is the time, one of objects the properties, whatever they are called."""
    path = csv(tmp_path, 'ann,x,2026-05-01 10:00,"{""a"": 1}"', head="user,action,zeit,zusatz")
    guess = guess_columns(*sample_file(path))
    assert guess.columns["occurred_at"] == "zeit"
    assert guess.columns["properties"] == "zusatz"
    assert "2026-05-01 10:00" in guess.reasons["occurred_at"]


def test_the_real_files(real_data):
    """All four event files load without a rejected row, by their guessed columns."""
    expected = {
        "online_retail": 406_829,
        "moodle_la_course": 95_626,
        "simple_shop": 32_283,
        "sparkify_2018_11": 7_770,
    }
    for name, rows in expected.items():
        path = real_data / f"{name}.parquet"
        guess = guess_columns(*sample_file(path))
        batches = list(read_files([path], Layout(columns=guess.columns)))
        assert sum(len(batch.events) for batch in batches) == rows
        assert not any(batch.rejected for batch in batches)
        ids = pa.chunked_array(
            [chunk for batch in batches for chunk in batch.events["event_id"].chunks]
        )
        assert len(ids.unique()) == rows


def test_batches_stay_small(tmp_path, monkeypatch):
    """A file is read in pieces of bounded size."""
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 10)
    pq.write_table(
        pa.table({key: values * 25 for key, values in ROWS.items()}), tmp_path / "events.parquet"
    )
    assert [len(batch.events) for batch in read_files([tmp_path / "events.parquet"])] == [10] * 5


def test_rows_are_counted_as_the_source_has_them(tmp_path):
    """Rejected rows count, and a row that gives two events counts once."""
    (batch,) = read_files([jsonl(tmp_path, *SEGMENT, b"no json")])
    assert (batch.rows, len(batch.events), len(batch.rejected)) == (9, 8, 2)
    (batch,) = read_files([csv(tmp_path, "ann,x,1", "ann,x", "ann,x,never")])
    assert (batch.rows, len(batch.events), len(batch.rejected)) == (3, 1, 2)
