"""What a change of definitions would do, in words and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.domain.instant import format_instant
from segue.services.insight.differing import (
    CampaignChange,
    Diff,
    Kind,
    Moved,
    RuleChange,
    SegmentChange,
)
from segue.services.words import counted, people

KINDS: Final = {
    Kind.ADDED: "added",
    Kind.REMOVED: "removed",
    Kind.RENAMED: "renamed",
    Kind.CHANGED: "changed",
    Kind.AFFECTED: "same words, other people",
}
"""What happens to a segment or campaign, as a reader is told."""


def diff_words(found: Diff) -> str:
    """The whole change in a sentence."""
    if not found.is_change:
        return f"Nothing changes: {counted(found.compared, 'segment')} compared."
    parts = [f"{counted(len(found.segments), 'segment')} of {found.compared}"]
    if found.campaigns:
        more = found.more_messages
        told = f"{abs(more):,} {'more' if more > 0 else 'fewer'}" if more else "as many"
        parts.append(f"{counted(len(found.campaigns), 'campaign')} ({told} messages)")
    if found.rules:
        parts.append(counted(len(found.rules), "other rule"))
    return f"Changed: {', '.join(parts)}."


def kind_words(one: SegmentChange) -> str:
    """`changed`, `renamed from lapsed`."""
    said = KINDS[one.kind]
    return f"{said} from {one.old_id}" if one.kind is Kind.RENAMED else said


def moved_words(one: Moved) -> str:
    """`50 → 62`."""
    return f"{one.before:,} → {one.after:,}"


def in_out_words(one: Moved) -> str:
    """`+14 −2`; empty where nobody moves."""
    parts = [f"+{one.into:,}" if one.into else "", f"−{one.out:,}" if one.out else ""]
    return " ".join(part for part in parts if part)


def messages_words(one: CampaignChange) -> str:
    """`131 → 150 (+19)`."""
    before, after = (
        "–" if number is None else f"{number:,}" for number in (one.old_messages, one.new_messages)
    )
    sign = "+" if one.more > 0 else "−"
    return f"{before} → {after}" + (f" ({sign}{abs(one.more):,})" if one.more else "")


# ----------------------------------------------------------------------------------------- Markdown


def diff_markdown(found: Diff) -> str:
    """The change as Markdown, for a pull request."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Diff) -> Iterator[str]:
    yield "### What this change of segments does"
    yield ""
    yield f"{diff_words(found)}"
    if not found.is_change:
        return
    yield (
        f"{people(found.new_people)} as of {format_instant(found.at)}, and the "
        f"{counted(found.days, 'day')} before."
    )
    if found.segments:
        yield from _segment_lines(found)
    if found.campaigns:
        yield from _campaign_lines(found)
    if found.rules:
        yield ""
        yield "**Other rules**"
        for rule in found.rules:
            yield from _text_lines(rule.name, _rule(rule))


def _segment_lines(found: Diff) -> Iterator[str]:
    yield ""
    yield f"| Segment | | In now | In, out | In within {found.days} days | In, out | Alike |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for one in found.segments:
        alike = one.period.alike
        cells = (
            f"{_cell(one.title)} `{one.id}`",
            _cell(kind_words(one)),
            moved_words(one.now),
            in_out_words(one.now) or "0",
            moved_words(one.period),
            in_out_words(one.period) or "0",
            "–" if alike is None else f"{100 * alike:.0f} %",
        )
        yield f"| {' | '.join(cells)} |"
    for one in found.segments:
        if one.old_when != one.new_when:
            yield from _text_lines(one.id, (one.old_when, one.new_when))


def _campaign_lines(found: Diff) -> Iterator[str]:
    yield ""
    yield f"| Campaign | | Messages in {found.days} days |"
    yield "|---|---|--:|"
    for one in found.campaigns:
        yield f"| {_cell(one.title)} `{one.id}` | {KINDS[one.kind]} | {messages_words(one)} |"


def _text_lines(name: str, texts: tuple[str | None, str | None]) -> Iterator[str]:
    old, new = texts
    yield ""
    yield f"`{name}`"
    yield ""
    yield "```diff"
    if old is not None:
        yield f"- {old}"
    if new is not None:
        yield f"+ {new}"
    yield "```"


def _rule(rule: RuleChange) -> tuple[str | None, str | None]:
    return rule.old, rule.new


def _cell(text: str) -> str:
    """A text within a table: a bar would end its cell, a line the table."""
    return text.replace("|", "\\|").replace("\n", " ")
