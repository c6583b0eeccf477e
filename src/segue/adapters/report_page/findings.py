"""The findings on the page: what people do early that goes along with the goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from segue.adapters.report_page import charts

NAME: Final = "findings"
TITLE: Final = "High-impact actions"
MOST: Final = 12
_NUMBERS: Final = ("window_ms", "times", "earlier", "later")


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of the document of findings."""
    distinct = _distinct(found["findings"])
    shown = distinct[:MOST]
    shares = [
        one[when][who]
        for one in shown
        for when in ("earlier", "later")
        for who in ("did", "others")
    ]
    return {
        "found": found,
        "shown": shown,
        "more": len(distinct) - len(shown),
        "top": charts.scale(shares),
    }


def _distinct(findings: Sequence[Any]) -> list[Any]:
    """The findings without those that have the very numbers of an earlier one: names of one thing,
    as a rule."""
    seen: dict[str, Any] = {}
    for one in findings:
        seen.setdefault(repr([one[key] for key in _NUMBERS]), one)
    return list(seen.values())
