"""Tables of spans made of the spans of single segments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segue.services.live.span_table import SpanTable
from segue.timeline.spans import ManySpans, Spans


def table_of(spans: Mapping[int, Spans]) -> SpanTable:
    """The table of spans by the codes of segments."""
    parts = list(spans.values())
    return SpanTable.of(
        np.array(list(spans), np.int32),
        ManySpans(
            np.array([len(one) for one in parts]),
            np.concatenate([one.person for one in parts]),
            np.concatenate([one.start for one in parts]),
            np.concatenate([one.end for one in parts]),
        ),
    )
