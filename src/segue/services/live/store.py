"""The store as the live loop uses it: the ports, with the timeline's arrays filled in."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa

from segue.domain.live import LiveStore, Turn
from segue.timeline.log import Int32s, Int64s, Request, TraitRequest
from segue.timeline.parts import Arrived, Codebook, Groups, Part

Wanted: TypeAlias = Request | TraitRequest
Writing: TypeAlias = Turn[Wanted, Codebook, pa.Table, Part, Arrived, Groups, Int32s, Int64s]
Store: TypeAlias = LiveStore[Wanted, Codebook, pa.Table, Part, Arrived, Groups, Int32s, Int64s]
