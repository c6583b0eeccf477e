"""What becomes of a delivery that is due, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from segue.domain.campaigns import Because


@dataclass(frozen=True, slots=True)
class Go:
    """It goes out now; in-app, it is offered now."""

    detail: str = "no rule stood against it"


@dataclass(frozen=True, slots=True)
class Wait:
    """It is to be decided again at `until` (ms; FOREVER: when somebody has approved it)."""

    until: int
    because: Because
    detail: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """It never goes out."""

    because: Because
    detail: str


@dataclass(frozen=True, slots=True)
class HoldOut:
    """It is deliberately not sent, to measure what sending does."""

    because: Because
    detail: str


Verdict: TypeAlias = Go | Wait | Refuse | HoldOut
