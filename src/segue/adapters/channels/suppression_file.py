"""Lists of people who left, as other tools export them: CSV with a column of addresses."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.domain.addresses import mail_address
from segue.domain.campaigns import Suppression
from segue.domain.errors import InputError
from segue.domain.feedback import Report
from segue.domain.instant import parse_instant

ADDRESS: Final = ("address", "email", "e-mail", "email address", "email_address", "recipient")
PURPOSE: Final = ("purpose",)
REASON: Final = ("reason",)
AT: Final = ("at", "since", "unsubscribed_at", "unsub_time", "created_at", "created")
"""What the columns are called, in any case; all but the first may be missing."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a file: a report, or what is wrong with it (`problem`, else "")."""

    line: int
    report: Report | None = None
    problem: str = ""


def read_suppressions(
    file: Path, *, purpose: str = "", reason: Suppression = Suppression.UNSUBSCRIBED
) -> Iterator[Listed]:
    """The lines of a CSV file with a header; `purpose` and `reason` where a line has none.

    Raises `InputError` where there is no such file, or no column of addresses in it.
    """
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            rows = csv.reader(text)
            places = _Places.of(next(rows, []), file)
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield _listed(rows.line_num, row, places, purpose, reason)
    except (OSError, csv.Error) as error:
        raise InputError(f"{file} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the columns stand; None: nowhere."""

    address: int
    purpose: int | None
    reason: int | None
    at: int | None

    @classmethod
    def of(cls, header: Sequence[str], file: Path) -> _Places:
        names = [name.strip().lower() for name in header]

        def place(known: Sequence[str]) -> int | None:
            return next((names.index(one) for one in known if one in names), None)

        address = place(ADDRESS)
        if address is None:
            hint = f"the header names one of: {', '.join(ADDRESS)}"
            raise InputError(f"{file} has no column of addresses", hint=hint)
        return cls(address, place(PURPOSE), place(REASON), place(AT))


def _listed(
    line: int, row: Sequence[str], places: _Places, purpose: str, reason: Suppression
) -> Listed:
    def cell(place: int | None) -> str:
        return row[place].strip() if place is not None and place < len(row) else ""

    try:
        report = Report(
            mail_address(cell(places.address)),
            _reason(cell(places.reason)) or reason,
            cell(places.purpose) or purpose,
            at=parse_instant(cell(places.at)) if cell(places.at) else None,
        )
    except InputError as error:
        return Listed(line, problem=error.message)
    except ValueError as error:
        return Listed(line, problem=str(error))
    return Listed(line, report)


def _reason(text: str) -> Suppression | None:
    if text and text not in set(Suppression):
        raise InputError(f"{text!r} is none of the reasons: {', '.join(Suppression)}")
    return Suppression(text) if text else None
