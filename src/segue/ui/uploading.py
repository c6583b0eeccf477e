"""A form with a file of any size, read as it comes: its fields into memory, its file to the disk.

Nothing of the file is written before it is known that the form is from a page of whoever sends it:
the field `mark` has to stand before the file.
"""

from __future__ import annotations

import hmac
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from segue.bootstrap.uploads import Arriving, Upload, Uploads
from segue.domain.errors import InputError
from segue.domain.users import Session
from segue.ui.signing import NotAllowedError, is_from_here

MOST_FIELD: Final = 10_000
"""Bytes of a field that is no file."""
_OLD: Final = "The form is an old one, or not from here: open the page again."
_TORN: Final = "send it again; nothing of it was kept"


async def received(request: Request, session: Session, uploads: Uploads) -> Upload:
    """Take in the file of a form.

    Raises `NotAllowedError` where the form is not from a page of this session, `InputError` where
    it has no file, or one that is not read, and `TooLargeError`.
    """
    if not is_from_here(request):
        raise NotAllowedError(_OLD)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise InputError("This form has no file", hint="choose a file first")
    with _Form(session, uploads) as form:
        parser = MultipartParser(options[b"boundary"], form.callbacks())  # type: ignore[arg-type]
        try:
            async for chunk in request.stream():
                await run_in_threadpool(parser.write, chunk)
            parser.finalize()
        except (ClientDisconnect, MultipartParseError) as error:
            raise InputError("The file ended before its end", hint=_TORN) from error
    return form.upload


class _Form:
    """The parts of a form as they come; see the module."""

    def __init__(self, session: Session, uploads: Uploads) -> None:
        self._session, self._uploads = session, uploads
        self._stack = ExitStack()
        self._arriving: Arriving | None = None
        self._mark, self._ended = b"", False
        self._name, self._file, self._header = b"", b"", [b"", b""]
        self._is_file = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and not (self._ended and self._arriving):
            hint = _TORN if self._arriving else "choose a file first"
            error = InputError("This form has no whole file", hint=hint)
            with self._stack:
                raise error
        self._stack.__exit__(kind, error, trace)

    @property
    def upload(self) -> Upload:
        """The file that came."""
        assert self._arriving is not None
        return self._arriving.upload

    def callbacks(self) -> dict[str, object]:
        """What the parser tells of what it finds."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_done,
            "on_headers_finished": self._named,
            "on_part_data": self._data,
            "on_part_end": self._part_done,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._name, self._is_file, self._header = b"", False, [b"", b""]

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_done(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            _, options = parse_options_header(self._header[1])
            self._name = options.get(b"name", b"")
            self._is_file = b"filename" in options
            self._file = options.get(b"filename", b"")
        self._header = [b"", b""]

    def _named(self) -> None:
        """The head of a part is there: where it is the file, the form has to be a good one."""
        if not self._is_file:
            return
        if not hmac.compare_digest(self._mark, self._session.id.encode()):
            raise NotAllowedError(_OLD)
        if self._arriving is not None or not self._file:
            raise InputError("This form has no file, or several", hint="choose one file")
        name = self._file.decode(errors="replace")
        by = self._session.user.name
        self._arriving = self._stack.enter_context(self._uploads.arriving(name, by))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file and self._arriving is not None:
            self._arriving.write(memoryview(data)[start:end])
        elif self._name == b"mark" and len(self._mark) + end - start <= MOST_FIELD:
            self._mark += data[start:end]

    def _part_done(self) -> None:
        self._is_file = False

    def _end(self) -> None:
        self._ended = True
