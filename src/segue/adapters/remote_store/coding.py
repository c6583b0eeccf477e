"""Calls and answers as bytes: plain values, Segue's own data and errors, arrays, tables.

The form is that of `pickle`, of the same version of Segue at both ends, with arrays beside it as
they lie in memory. What is read can be nothing else than such data: no other class is ever made,
and no function called.
"""

from __future__ import annotations

import copyreg
import dataclasses
import io
import pickle
import struct
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segue.domain.errors import InputError, SegueError

_ROOMS: Final = ("segue.domain.", "segue.language.", "segue.timeline.")
_ALIGNED: Final = 16
_PROTOCOL: Final = 5
_LENGTH: Final = struct.Struct("<Q")


def encoded(value: Any) -> list[memoryview]:
    """The message of a value, in pieces that follow each other; arrays are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    stream = io.BytesIO()
    _Writer(stream, _PROTOCOL, buffer_callback=buffers.append).dump(value)
    parts = [stream.getbuffer(), *(buffer.raw() for buffer in buffers)]
    lengths = [len(parts), *(part.nbytes for part in parts)]
    head = b"".join(_LENGTH.pack(length) for length in lengths)
    pieces = [memoryview(head + bytes(_gap(len(head))))]
    for part in parts:
        pieces += [part, memoryview(bytes(_gap(part.nbytes)))]
    return pieces


def decoded(data: bytes | bytearray) -> Any:
    """The value of a message; arrays are views of the data. Raises `InputError` of what is none."""
    try:
        first, *buffers = _parts(memoryview(data))
        return _Reader(io.BytesIO(first), buffers=buffers).load()
    except Exception as error:  # it raises whatever it stumbles over
        raise InputError(f"this is no message: {error}") from error


def _parts(data: memoryview) -> Iterator[memoryview]:
    (count,) = _LENGTH.unpack_from(data)
    place = _LENGTH.size * (1 + count)
    lengths = [_LENGTH.unpack_from(data, _LENGTH.size * (1 + one))[0] for one in range(count)]
    place += _gap(place)
    for length in lengths:
        if place + length > len(data):
            raise EOFError("the message is cut short")
        yield data[place : place + length]
        place += length + _gap(length)


def _gap(length: int) -> int:
    """How many bytes follow so that what comes next lies well in memory."""
    return -length % _ALIGNED


class _Writer(pickle.Pickler):
    """Lays arrays and tables beside the rest, and errors down as they are."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            lying = pickle.PickleBuffer(np.ascontiguousarray(value).data)
            return _array, (value.dtype.str, len(value), lying)
        if isinstance(value, pa.Table):
            return _table, (pickle.PickleBuffer(_stream_of(value)),)
        if isinstance(value, SegueError):
            return copyreg.__newobj__, (type(value), *value.args), vars(value)  # type: ignore[attr-defined]
        return NotImplemented


class _Reader(pickle.Unpickler):
    """Makes nothing but data."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _OTHERS:
            return _OTHERS[module, name]
        if module.startswith(_ROOMS) and name.isidentifier():
            found = super().find_class(module, name)
            if isinstance(found, type) and _is_data(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no data of Segue's")


def _is_data(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) or issubclass(kind, Enum | SegueError)


def _array(kind: str, length: int, buffer: Any) -> NDArray[Any]:
    return np.ndarray((length,), kind, buffer)


def _table(buffer: Any) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(buffer)) as reader:
        return reader.read_all()


def _stream_of(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _named(*found: Any) -> dict[tuple[str, str], Any]:
    return {(one.__module__, one.__qualname__): one for one in found}


_OTHERS: Final = _named(Decimal, _array, _table)
"""What beside Segue's data a message may hold."""
