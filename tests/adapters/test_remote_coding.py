"""Calls and answers as bytes: what goes in comes out, and nothing but data ever does."""

from __future__ import annotations

import os
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.adapters.remote_store import decoded, encoded
from segue.bootstrap.workspace import Workspace
from segue.demo import definitions
from segue.domain.errors import (
    BusyError,
    DefinitionError,
    InputError,
    NotFoundError,
    NotWritableError,
    Problem,
    SegueError,
    Severity,
    StoreFullError,
    TooLargeError,
)
from segue.domain.identity import Link, LinkKind, Refusal
from segue.domain.ports import Appended, Extent, StoredEvent
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.timeline.evaluate import requests_of


def _there_and_back(value: Any) -> Any:
    return decoded(b"".join(encoded(value)))


@pytest.mark.parametrize(
    "value",
    [
        None,
        ("read", ([1, 2],), {"at": None, "people": ["ä", "\ud800"]}),
        {3: None, -5: 2**63 - 1},
        Decimal("0.100"),
        Appended(1, 2, 3, ("a", "b"), 4),
        [StoredEvent("e", "d", "look", 1, 2, None, "{}")] * 1000,
        Extent(0, 0, None, None),
        (Refusal(Link(LinkKind.IDENTIFY, "a", None), "because"),),
        requests_of(resolve(project_from(definitions()))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_data_comes_out_as_it_went_in(value: Any) -> None:
    assert _there_and_back(value) == value


@pytest.mark.parametrize("kind", ["<i8", "<i4", "|i1", "|b1", "<f8"])
@pytest.mark.parametrize("length", [0, 1, 7, 100_000])
def test_arrays_come_out_as_they_went_in(kind: str, length: int) -> None:
    """Of every type of a log, of every length, well aligned, also where they were a slice."""
    array = np.arange(2 * length).astype(kind)[::2]

    one, other = _there_and_back({"a": array, "b": array[:3]}).values()

    assert one.dtype == array.dtype
    assert np.array_equal(one, array)
    assert np.array_equal(other, array[:3])
    assert one.flags.aligned


def test_tables_come_out_as_they_went_in() -> None:
    table = pa.table({"a": ["x", None, "ü"], "b": pa.array([1, None, 3], pa.int64())})

    assert _there_and_back(table.slice(1)).equals(table.slice(1))
    assert _there_and_back(table.slice(3)).equals(table.slice(3))


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("nobody", hint="look"),
        StoreFullError("full"),
        TooLargeError("large", limit=7, hint="less"),
        NotWritableError("no", diff="-a\n+b"),
        BusyError("busy", retry_after=3),
        DefinitionError([Problem("wrong", 3, 4, severity=Severity.WARNING, expected=("a",))]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_out_as_they_went_in(error: SegueError) -> None:
    """With all that they hold, whatever it takes to make one."""
    found = _there_and_back(error)

    assert type(found) is type(error)
    assert (str(found), vars(found)) == (str(error), vars(error))


class _Evil:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self._made = function, arguments

    def __reduce__(self) -> Any:
        return self._made


@pytest.mark.parametrize(
    "evil",
    [
        _Evil(os.system, "true"),
        _Evil(eval, "1"),
        _Evil(getattr, Appended, "__init__"),
        _Evil(resolve, None),
        _Evil(Workspace, Path()),
        Path(),
        object(),
    ],
    ids=["system", "eval", "getattr", "a function", "another class", "a path", "an object"],
)
def test_nothing_but_data_is_made(evil: Any) -> None:
    """Neither functions nor classes of anybody else's, nor Segue's own that are not sent."""
    body = pickle.dumps(evil, protocol=4)
    head = (1).to_bytes(8, "little") + len(body).to_bytes(8, "little")

    with pytest.raises(InputError, match=r"no message: .*is no data"):
        decoded(head + body)


@given(st.binary(max_size=200))
def test_anything_else_is_no_message(data: bytes) -> None:
    with pytest.raises(InputError):
        decoded(data)


@given(st.data())
def test_a_message_that_was_cut_is_none(data: st.DataObject) -> None:
    whole = b"".join(encoded((np.arange(50), "text", Appended(1))))
    cut = data.draw(st.integers(0, len(whole) - 64))

    with pytest.raises(InputError):
        decoded(whole[:cut])
