"""What a segment that is not saved would have done, and what lint would say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from segue.bootstrap.insight import Insight
from segue.insight.portfolio.findings import LintFinding
from segue.language.resolve import resolve
from segue.services.insight.backtest_words import DEFINITION, backtest_words, left_out_words
from segue.services.insight.backtesting import Backtest
from segue.services.insight.lint_words import HEADINGS
from segue.services.trial import beside
from segue.ui.board import Looked, Tick
from segue.ui.charts import Chart, Series, over_days
from segue.ui.pages import Page


@dataclass(frozen=True, slots=True)
class Judged:
    """A backtest, and the findings of lint that are there only with the segment as it would be."""

    backtest: Backtest
    added: tuple[LintFinding, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The findings of the backtest."""
        return backtest_words(self.backtest)

    @property
    def notes(self) -> tuple[str, ...]:
        """Who is not compared."""
        contrast = self.backtest.contrast
        return tuple(left_out_words(contrast)) if contrast else ()

    @property
    def chart(self) -> Chart:
        """How many were in, day by day."""
        days = self.backtest.days
        return over_days([one.day for one in days], [Series("People", [one.size for one in days])])

    @property
    def mistakes(self) -> list[tuple[str, LintFinding]]:
        """Each finding with its heading."""
        return [(HEADINGS[one.mistake], one) for one in self.added]


@dataclass(frozen=True, slots=True)
class Judging:
    """What there is of it, of which condition, and how people are compared."""

    looked: Looked[Judged]
    when: str
    definition: str = DEFINITION


def judged(page: Page, segment_id: str, segment: Mapping[str, str]) -> Judging:
    """What is known of a segment as it would be saved; worked out in the background."""
    given = {key: one for key, one in segment.items() if one}
    key = ("builder", segment_id, *given.items())
    looked = page.looked(key, lambda insight, tick: _judge(insight, tick, segment_id, given))
    return Judging(looked, given["when"])


def _judge(insight: Insight, tick: Tick, segment_id: str, given: Mapping[str, str]) -> Judged:
    project = beside(insight.project, segment_id, given)
    changed = replace(insight, project=project, definitions=resolve(project))
    tick("looking back over 90 days")
    found = changed.backtest(segment_id)
    tick("looking for mistakes that it would add")
    before = {_about(one) for one in insight.lint().findings}
    added = [one for one in changed.lint().findings if _about(one) not in before]
    return Judged(found, tuple(added))


def _about(one: LintFinding) -> tuple[object, ...]:
    return one.mistake, one.segments, one.campaigns
