"""The findings on the page: what people do early that goes along with the goal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from segue.adapters.report_page import charts

NAME: Final = "findings"
TITLE: Final = "High-impact actions"
MOST: Final = 12


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of the document of findings."""
    shown = found["findings"][:MOST]
    shares = [
        one[when][who]
        for one in shown
        for when in ("earlier", "later")
        for who in ("did", "others")
    ]
    return {
        "found": found,
        "words": [found["words"]],
        "shown": shown,
        "more": len(found["findings"]) - len(shown),
        "top": charts.scale(shares),
    }
