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
        "short": [_words(found)],
        "groups": [
            (name, same, list(dict.fromkeys(one["advice"] for one in same)))
            for name, same in groups
        ],
    }


def _words(found: Mapping[str, Any]) -> str:
    number, segments = len(found["findings"]), found["segments"]
    looked = f"{segments:,} segment{'' if segments == 1 else 's'}"
    if not number:
        return f"None of the known mistakes in {looked}."
    return f"{number:,} thing{'' if number == 1 else 's'} to mend in {looked}."
