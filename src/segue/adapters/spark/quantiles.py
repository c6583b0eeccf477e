"""Thresholds of quantiles over everybody, exact, in two passes."""

from __future__ import annotations
