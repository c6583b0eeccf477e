"""Figures of what insight found, for Plotly: in a notebook, in a page, as a picture.

Every function takes a frozen result and gives a `plotly.graph_objects.Figure`. Plotly is loaded
when the first figure is made, not before.
"""

from segue.adapters.figures.backtest import (
    backtest_comings,
    backtest_outcome,
    backtest_sizes,
)
from segue.adapters.figures.discovery import discovery_effects, discovery_heat
from segue.adapters.figures.journey import (
    journey_flow,
    journey_funnel,
    journey_occupancy,
    journey_pace,
)
from segue.adapters.figures.measures import (
    conversion_by_segment,
    growth_by_week,
    retention_curve,
    sizes_over_time,
)
from segue.adapters.figures.patterns import identity_models, pattern_profile, rfm_grid

__all__ = [
    "backtest_comings",
    "backtest_outcome",
    "backtest_sizes",
    "conversion_by_segment",
    "discovery_effects",
    "discovery_heat",
    "growth_by_week",
    "identity_models",
    "journey_flow",
    "journey_funnel",
    "journey_occupancy",
    "journey_pace",
    "pattern_profile",
    "retention_curve",
    "rfm_grid",
    "sizes_over_time",
]
