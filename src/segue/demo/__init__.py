"""A small SaaS business to try Segue on: a simulator and the segments that come with it.

`simulate` makes the events of a past period, `stream` goes on from there, `definitions` is the
text of the `segue.yaml` that fits them; `true_effects`, `REACTIONS` and `kinds` are what an
analysis should find, and what it is not told. The people of a `World` react to messages.
"""

from importlib.resources import files

from segue.demo.effects import Effect, true_effects
from segue.demo.reactions import REACTIONS, Reaction
from segue.demo.simulator import (
    DAYS,
    PEOPLE,
    SCHEMA,
    SEED,
    START,
    StreamedEvent,
    World,
    kinds,
    simulate,
    stream,
)

__all__ = [
    "DAYS",
    "PEOPLE",
    "REACTIONS",
    "SCHEMA",
    "SEED",
    "START",
    "Effect",
    "Reaction",
    "StreamedEvent",
    "World",
    "definitions",
    "kinds",
    "simulate",
    "stream",
    "true_effects",
]


def definitions() -> str:
    """The text of the demo's `segue.yaml`: its actions, journey, ladders, segments and goals."""
    return (files(__package__) / "segue.yaml").read_text(encoding="utf-8")
