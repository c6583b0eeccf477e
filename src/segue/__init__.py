"""Segue: behavioural segmentation. A segment is a set of time intervals per person.

`evaluate`, `history` and `explain` work on events at hand, `Engine` on a workspace. Conditions are
text, or made with `did`, `trait`, `in_segment` and their like.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from segue.adapters import figures
    from segue.bootstrap.direct import evaluate, explain, history
    from segue.bootstrap.engine import Engine
    from segue.bootstrap.experiments import experiment
    from segue.domain.errors import (
        DefinitionError,
        InputError,
        NotFoundError,
        Problem,
        SegueError,
        StoreDamagedError,
        StoreError,
        StoreFullError,
        StoreLockedError,
        StoreTooNewError,
        UsageError,
    )
    from segue.language.build import (
        active,
        any_event,
        avg_of,
        bottom,
        count_of,
        did,
        did_not,
        did_not_some_of,
        did_some_of,
        distinct_of,
        duration,
        entered,
        event,
        everyone,
        first,
        in_segment,
        inactive_for,
        last,
        left,
        max_of,
        min_of,
        prop,
        stored,
        sum_of,
        time_since_first,
        time_since_last,
        top,
        trait,
    )

__version__ = "0.1.0"

__all__ = [
    "DefinitionError",
    "Engine",
    "InputError",
    "NotFoundError",
    "Problem",
    "SegueError",
    "StoreDamagedError",
    "StoreError",
    "StoreFullError",
    "StoreLockedError",
    "StoreTooNewError",
    "UsageError",
    "__version__",
    "active",
    "any_event",
    "avg_of",
    "bottom",
    "count_of",
    "did",
    "did_not",
    "did_not_some_of",
    "did_some_of",
    "distinct_of",
    "duration",
    "entered",
    "evaluate",
    "event",
    "everyone",
    "experiment",
    "explain",
    "figures",
    "first",
    "history",
    "in_segment",
    "inactive_for",
    "last",
    "left",
    "max_of",
    "min_of",
    "prop",
    "stored",
    "sum_of",
    "time_since_first",
    "time_since_last",
    "top",
    "trait",
]

_PLACES: _typing.Final = {
    "segue.adapters": ("figures",),
    "segue.bootstrap.direct": (
        "evaluate",
        "explain",
        "history",
    ),
    "segue.bootstrap.engine": ("Engine",),
    "segue.bootstrap.experiments": ("experiment",),
    "segue.domain.errors": (
        "DefinitionError",
        "InputError",
        "NotFoundError",
        "Problem",
        "SegueError",
        "StoreDamagedError",
        "StoreError",
        "StoreFullError",
        "StoreLockedError",
        "StoreTooNewError",
        "UsageError",
    ),
    "segue.language.build": (
        "active",
        "any_event",
        "avg_of",
        "bottom",
        "count_of",
        "did",
        "did_not",
        "did_not_some_of",
        "did_some_of",
        "distinct_of",
        "duration",
        "entered",
        "event",
        "everyone",
        "first",
        "in_segment",
        "inactive_for",
        "last",
        "left",
        "max_of",
        "min_of",
        "prop",
        "stored",
        "sum_of",
        "time_since_first",
        "time_since_last",
        "top",
        "trait",
    ),
}
_PLACE_OF: _typing.Final = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    """What is offered, found when it is first asked for: a task of Spark needs little of it, and
    begins without the rest."""
    if name not in _PLACE_OF:
        raise AttributeError(f"module 'segue' has no attribute {name!r}")
    place = _PLACE_OF[name]
    is_module = place == "segue.adapters"
    found = _importlib.import_module(f"{place}.{name}" if is_module else place)
    globals()[name] = found if is_module else getattr(found, name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
