"""What follows from reports about addresses: they go on the list, and events say so of people."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from segue.domain.acting import ActingStore
from segue.domain.campaigns import Channel, Suppressed, Suppression
from segue.domain.errors import BusyError
from segue.domain.feedback import Report
from segue.services.acting.followed import Submit, left

TOLD: Final[Mapping[Suppression, str]] = {
    Suppression.UNSUBSCRIBED: "unsubscribed",
    Suppression.COMPLAINED: "complained",
}
"""Reasons that are something a person did, and how their event calls them."""
_BY_PURPOSE: Final = (Suppression.UNSUBSCRIBED, Suppression.BY_HAND)


def take_reports(store: ActingStore, submit: Submit, reports: Sequence[Report], now: int) -> int:
    """Put the addresses on the list, durably; how many were not on it for this purpose.

    Of those who left or complained about a delivery that is known, events say so, as when they
    follow the link themselves. A report that comes again changes nothing.
    """
    count = 0
    for report in reports:
        entry = suppressed(report, now)
        if store.suppress([entry]):
            count += 1
            _tell(store, submit, report, entry)
    return count


def suppressed(report: Report, now: int) -> Suppressed:
    """The entry of a report. Only who left left a purpose: an address that is bad, or whose owner
    complained, is bad for every one."""
    purpose = report.purpose if report.reason in _BY_PURPOSE else ""
    at = now if report.at is None else min(report.at, now)
    return Suppressed(report.address, Channel.EMAIL, purpose, report.reason, at)


def _tell(store: ActingStore, submit: Submit, report: Report, entry: Suppressed) -> None:
    how = TOLD.get(report.reason)
    if how is None or not report.delivery_id:
        return
    delivery = store.delivery(report.delivery_id)
    if delivery is not None:
        with contextlib.suppress(BusyError):  # the address is on the list, which is what counts
            submit(left(delivery, entry.purpose, entry.since, how=how))
