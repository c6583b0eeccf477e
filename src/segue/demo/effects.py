"""What truly causes what in the demo's world, and what only looks as if it did.

An analysis that adjusts for the kind of person finds these odds ratios; one that does not finds
the confounded ones too. The simulator uses the numbers of this page, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Effect:
    """One cause and its outcome.

    odds_ratio: by how much the cause multiplies the odds of the outcome, for people of the same
    kind; 1.0 where it does nothing. confounded: whether it looks like a cause, because the kinds
    of people who do it more are those who reach the outcome more. cause and outcome are conditions
    of the demo's `segue.yaml`; `decided` says when the outcome is decided.
    """

    id: str
    title: str
    cause: str
    outcome: str
    odds_ratio: float
    decided: str
    confounded: bool = False


DEMO_TO_TRIAL: Final = Effect(
    "demo_to_trial",
    "Watching at least half of the demo video makes people start a trial",
    cause="did demo_video where percent >= 50",
    outcome="did trial_started",
    odds_ratio=2.5,
    decided="at the end of that visit and of every later one before the trial",
)
INVITE_TO_SUBSCRIPTION: Final = Effect(
    "invite_to_subscription",
    "Inviting a teammate within three days of the trial's start makes people subscribe",
    cause="did invited within 3 days after first trial_started",
    outcome="did subscribed",
    odds_ratio=2.5,
    decided="once, when the trial ends",
)
ACTIVATION_TO_SUBSCRIPTION: Final = Effect(
    "activation_to_subscription",
    "Using a core feature in the first week of the trial makes people subscribe",
    cause="did core_feature within 7 days after first trial_started",
    outcome="did subscribed",
    odds_ratio=3.0,
    decided="once, when the trial ends",
)
ANNUAL_TO_CANCELLATION: Final = Effect(
    "annual_to_cancellation",
    "Paying by the year keeps people from cancelling",
    cause='last subscribed has interval = "year"',
    outcome="did cancelled",
    odds_ratio=0.3,
    decided="every thirty days, when an invoice is due",
)
ONBOARDING_TO_SUBSCRIPTION: Final = Effect(
    "onboarding_to_subscription",
    "Completing the onboarding does nothing for subscriptions",
    cause="did onboarding_completed",
    outcome="did subscribed",
    odds_ratio=1.0,
    decided="once, when the trial ends",
    confounded=True,
)
PRICING_TO_TRIAL: Final = Effect(
    "pricing_to_trial",
    "Looking at the prices does nothing for trials",
    cause="did pricing_view",
    outcome="did trial_started",
    odds_ratio=1.0,
    decided="at the end of every visit before the trial",
    confounded=True,
)
READING_TO_TRIAL: Final = Effect(
    "reading_to_trial",
    "Reading the blog does not keep people from starting a trial",
    cause="did article_read",
    outcome="did trial_started",
    odds_ratio=1.0,
    decided="at the end of every visit before the trial",
    confounded=True,
)


def true_effects() -> tuple[Effect, ...]:
    """Every documented effect and non-effect of the demo's world."""
    return (
        DEMO_TO_TRIAL,
        INVITE_TO_SUBSCRIPTION,
        ACTIVATION_TO_SUBSCRIPTION,
        ANNUAL_TO_CANCELLATION,
        ONBOARDING_TO_SUBSCRIPTION,
        PRICING_TO_TRIAL,
        READING_TO_TRIAL,
    )


def raised(chance: float, *causes: Effect) -> float:
    """The probability whose odds are those of `chance` times the odds ratios of the causes."""
    odds = chance / (1.0 - chance)
    for cause in causes:
        odds *= cause.odds_ratio
    return odds / (1.0 + odds)
