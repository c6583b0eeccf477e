"""The known mistakes on the page: each with what shows it and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

NAME: Final = "lint"
TITLE: Final = "What to mend"


def view(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of the document of lint: findings of one mistake together."""
    groups = [
        (name.replace("-", " ").capitalize(), list(same))
        for name, same in groupby(found["findings"], key=lambda one: one["mistake"])
    ]
    return {
        "found": found,
        "groups": [
            (name, same, list(dict.fromkeys(one["advice"] for one in same)))
            for name, same in groups
        ],
    }
