"""Insight into a store: every question about journeys, findings, measures and definitions."""

from __future__ import annotations

from dataclasses import dataclass

from segue.language.models import Project
from segue.language.tree import Definitions
from segue.services.view import Reader


@dataclass(frozen=True)
class Insight:
    """What a project's people did up to the instant `at` (ms), and what can be concluded.

    `Engine.insight` makes one. Every method reads what it needs from the store once.
    """

    store: Reader
    project: Project
    definitions: Definitions
    at: int
