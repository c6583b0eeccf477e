"""What `segue check --portfolio` prints: the mistakes of a project as a whole, by their names."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.services import words
from segue.services.insight.lint_words import HEADINGS
from segue.services.insight.linting import Linted


def print_lint(out: Console, found: Linted) -> None:
    """Print the findings, those of one mistake together."""
    for mistake, same in groupby(found.findings, key=lambda one: one.mistake):
        _print_mistake(out, mistake, list(same))
    looked = f"{words.counted(len(found.segments), 'segment')}, {words.people(found.people)}"
    if found.findings:
        number = words.counted(len(found.findings), "finding")
        out.print(f"\n [soon]{number}[/] in {looked}")
    else:
        out.print(f" [good]✓[/] nothing to say of {looked}")


def _print_mistake(out: Console, mistake: Mistake, same: list[LintFinding]) -> None:
    out.print(f"\n [title]{HEADINGS[mistake]}[/] [faint]{mistake.value}[/]")
    for one in same:
        out.print(Padding(escape(one.evidence), (0, 0, 0, 3)))
        if one.edit:
            out.print(Padding(f"[good]{escape(f'when: {one.edit}')}[/]", (0, 0, 0, 5)))
    for advice in dict.fromkeys(one.advice for one in same):
        out.print(Padding(f"[faint]→ {escape(advice)}[/]", (0, 0, 0, 3)))
