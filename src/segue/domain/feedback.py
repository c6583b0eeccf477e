"""What comes back about addresses: that mail bounced, somebody complained, somebody left."""

from __future__ import annotations

from dataclasses import dataclass

from segue.domain.campaigns import Suppression


@dataclass(frozen=True, slots=True)
class Report:
    """That an address is not to be written to: for a purpose, or for any (""). `delivery_id` is
    the delivery that it is about ("": not known); `at` in ms, None where it is not said."""

    address: str
    reason: Suppression
    purpose: str = ""
    delivery_id: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Reports:
    """What a body says: reports, how many more there were that ask for nothing (a mailbox that is
    full, a message that was opened), and an address to open so that more will come ("": none)."""

    reports: tuple[Report, ...] = ()
    ignored: int = 0
    confirm: str = ""
