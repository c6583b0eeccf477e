"""Whether a campaign may speak to the same person again."""

from __future__ import annotations

from segue.domain.campaigns import Campaign


def may_repeat(campaign: Campaign, last_due_at: int | None, moment: int) -> bool:
    """Whether a moment (ms) makes a further delivery, where the latest one that counts was due at
    `last_due_at` (None: there was none). What was refused or failed does not count; what was held
    out does, so that both arms get as many. A schedule speaks at each of its instants, unless
    the campaign says how soon again."""
    if last_due_at is None:
        return True
    again = campaign.when.again
    if again is None and campaign.when.schedule is not None:
        return True
    return again is not None and moment + campaign.when.delay >= last_due_at + again
