"""A small SaaS business to try Segue on: a simulator and the segments that come with it."""

from segue.demo.effects import Effect, true_effects
from segue.demo.simulator import SCHEMA, StreamedEvent, kinds, simulate, stream

__all__ = ["SCHEMA", "Effect", "StreamedEvent", "kinds", "simulate", "stream", "true_effects"]
