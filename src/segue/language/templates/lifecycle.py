"""Lifecycle: everybody who ever did something, by whether they are new, stayed, came back or left.

The four states leave nobody out and hold nobody twice, at every instant: over a period P, who is
*new* did something for the first time; who is *returning* did something in this period and in the
one before; who is *resurrecting* did after at least a period of nothing; who is *dormant* has done
nothing for a period. So whoever enters `dormant` has just churned, and who leaves it came back.
(Amplitude and PostHog call only those dormant who were active in the period before.)
"""

from __future__ import annotations

from typing import Final

from segue.language.templates.model import Parameter

PERIOD: Final = "7 days"
"""The period where no other is given: products that people use every week."""


def lifecycle(
    activity: str = "any", *, period: str = PERIOD, twice: str = "", prefix: str = "lifecycle_"
) -> dict[str, dict[str, object]]:
    """The four lifecycle segments, as the `segments:` of a project file.

    `activity` is the event or action that counts as being there; `period` its rhythm, and `twice`
    two periods (by default the number of `period`, doubled). Raises `UsageError` on a duration that
    is none.
    """
    window = Parameter("period", "duration", "", "")
    one = window.text(period)
    number, _, unit = one.partition(" ")
    two = window.text(twice or f"{2 * int(number)} {unit.rstrip('s')}s")
    older = f"first {activity} more than {one} ago"
    conditions = {
        "new": f"first {activity} within {one}",
        "returning": f"did {activity} within {one} and did {activity} between {two} and {one} ago",
        "resurrecting": (
            f"did {activity} within {one} and {older}"
            f" and did not {activity} between {two} and {one} ago"
        ),
        "dormant": f"last {activity} more than {one} ago",
    }
    return {
        f"{prefix}{name}": {"title": _TITLES[name], "kind": "lifecycle", "when": when}
        for name, when in conditions.items()
    }


_TITLES: Final = {
    "new": "Lifecycle: new",
    "returning": "Lifecycle: returning",
    "resurrecting": "Lifecycle: resurrecting",
    "dormant": "Lifecycle: dormant",
}
