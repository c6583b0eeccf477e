"""A change of definitions as plain values, for `--json`."""

from __future__ import annotations

from typing import Any

from segue.domain.instant import format_instant
from segue.services.insight.diff_words import diff_words
from segue.services.insight.differing import CampaignChange, Diff, Moved, SegmentChange


def diff_document(found: Diff) -> dict[str, Any]:
    """Everything that changes; `changed` says whether anything does."""
    return {
        "at": format_instant(found.at),
        "days": found.days,
        "changed": found.is_change,
        "words": diff_words(found),
        "people": {"old": found.old_people, "new": found.new_people},
        "compared": found.compared,
        "segments": [_segment(one) for one in found.segments],
        "campaigns": [_campaign(one) for one in found.campaigns],
        "more_messages": found.more_messages,
        "rules": [{"name": one.name, "old": one.old, "new": one.new} for one in found.rules],
    }


def _segment(one: SegmentChange) -> dict[str, Any]:
    return {
        "change": one.kind.value,
        "title": one.title,
        "old_id": one.old_id,
        "new_id": one.new_id,
        "old_when": one.old_when,
        "new_when": one.new_when,
        "now": _moved(one.now),
        "period": _moved(one.period),
        "entries": {"old": one.old_entries, "new": one.new_entries},
    }


def _moved(one: Moved) -> dict[str, Any]:
    return {
        "old": one.before,
        "new": one.after,
        "in": one.into,
        "out": one.out,
        "both": one.both,
        "jaccard": one.alike,
    }


def _campaign(one: CampaignChange) -> dict[str, Any]:
    return {
        "change": one.kind.value,
        "campaign_id": one.id,
        "title": one.title,
        "segment_id": one.segment_id,
        "messages": {"old": one.old_messages, "new": one.new_messages, "more": one.more},
    }
