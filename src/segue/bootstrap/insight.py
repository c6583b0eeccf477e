"""Insight into a store: every question about journeys, findings, measures and definitions."""

from __future__ import annotations

from dataclasses import dataclass

from segue.bootstrap.opening import OpenStore
from segue.language.acting import acting
from segue.language.models import Project
from segue.language.tree import Definitions
from segue.services.insight.linting import Linted, lint_portfolio


@dataclass(frozen=True)
class Insight:
    """What a project's people did up to the instant `at` (ms), and what can be concluded.

    `Engine.insight` makes one. Every method reads what it needs from the store once.
    """

    store: OpenStore
    project: Project
    definitions: Definitions
    at: int

    def lint(self) -> Linted:
        """The mistakes of the segments and campaigns as a whole, with evidence and advice."""
        rules = acting(self.project)
        return lint_portfolio(self.store, self.project, self.definitions, rules, self.at)
