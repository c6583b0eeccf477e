"""How people of the demo's world react to the messages of its campaigns: the true effects.

Whoever a message reaches does what it is for with a chance that does not depend on anything else
about them, some time later, unless they have done it meanwhile. So of those who would not have done
it anyway that share does it: the lift that an honest measurement finds.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from segue.demo import product
from segue.demo.calendar import Dice
from segue.demo.life import Handler, Life
from segue.demo.pages import watch_video
from segue.domain.instant import DAY, HOUR, MINUTE


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a message of a campaign makes people do.

    chance: with which somebody whom it reaches does it; wait: the mean time until then (ms).
    """

    campaign_id: str
    title: str
    chance: float
    wait: int
    act: Handler = field(repr=False)


def react(life: Life, campaign_id: str, at: int) -> None:
    """Let a message reach somebody at an instant (ms): they may plan to do something.

    Whether they do is decided by chance of its own, so that nothing else in their life changes.
    """
    reaction = REACTIONS.get(campaign_id)
    if reaction is None:
        return
    dice = Dice(life.seed ^ zlib.crc32(campaign_id.encode()), life.index)
    if dice.one_in(reaction.chance):
        wait = MINUTE + int(min(dice.wait(reaction.wait), 5 * reaction.wait))
        life.plan(max(at, life.clock) + wait, reaction.act)


def _unless(done: Callable[[Life], bool], act: Handler) -> Handler:
    def acted(life: Life) -> None:
        if not done(life):
            act(life)

    return acted


def _come_back(life: Life) -> None:
    life.bored = False
    product.come(life)


def _finish_onboarding(life: Life) -> None:
    life.onboarded = True
    life.do("onboarding_completed", {"steps": product.STEPS})


def _learn(life: Life) -> None:
    watch_video(life, "first-report")


def _share(life: Life) -> None:
    life.do("report_shared", {"with": "link"})


def _is_member(life: Life) -> bool:
    return life.member


def _is_subscribed(life: Life) -> bool:
    return life.subscribed


def _is_onboarded(life: Life) -> bool:
    return life.onboarded


_START_TRIAL: Final = _unless(_is_member, product.sign_up)
_SUBSCRIBE: Final = _unless(_is_subscribed, product.subscribe)
_ONBOARD: Final = _unless(_is_onboarded, _finish_onboarding)

REACTIONS: Final = {
    one.campaign_id: one
    for one in (
        Reaction("demo_invitation", "start a trial", 0.12, DAY, _START_TRIAL),
        Reaction("core_feature_guide", "use a core feature", 0.25, HOUR, product.use_core_feature),
        Reaction("upgrade_benefits", "subscribe", 0.10, DAY, _SUBSCRIBE),
        Reaction("come_back", "use the product again", 0.15, DAY, _come_back),
        Reaction("advanced_guide", "share a report", 0.20, DAY, _share),
        Reaction("onboarding_support", "complete the onboarding", 0.20, DAY, _ONBOARD),
        Reaction("upgrade_prompt", "subscribe", 0.0, DAY, _SUBSCRIBE),
        Reaction("back_to_the_course", "take a lesson", 0.15, DAY, _learn),
    )
}
"""By campaign. One of them, the prompt to whoever looks at prices, does nothing."""

ANSWERS: Final = (
    "I had no time to finish it",
    "It was too complicated for me",
    "I could not import my data",
    "I was just looking around",
    "The setup takes forever",
)
"""What people say who are asked why they did not finish the onboarding."""
