"""The API under `/api/`: what people and programs read, and how definitions are changed."""

from __future__ import annotations

from fastapi import APIRouter

from segue.http.api import (
    backtests,
    campaigns,
    definitions,
    deliveries,
    discoveries,
    events,
    exports,
    imports,
    journeys,
    keys,
    measures,
    offers,
    patterns,
    people,
    portfolio,
    previews,
    reports,
    results,
    segments,
    simulations,
    suppressions,
    transitions,
)

__all__ = ["routers"]


def routers() -> list[APIRouter]:
    """All routes of the API; each takes secret keys only."""
    # What is about a person's messages stands before what takes any path below a person.
    acting = (offers, deliveries, campaigns, previews, simulations, results, suppressions)
    insight = (discoveries, patterns, journeys, measures, portfolio, backtests, reports)
    others = (people, segments, definitions, transitions, events, imports, exports, keys)
    return [part.router for part in (*acting, *insight, *others)]
