"""What people do in the product: sign up, try, use, subscribe, pay and cancel."""

from __future__ import annotations

from typing import Final

from segue.demo import mail
from segue.demo.effects import (
    ACTIVATION_TO_SUBSCRIPTION,
    ANNUAL_TO_CANCELLATION,
    INVITE_TO_SUBSCRIPTION,
    raised,
)
from segue.demo.life import Life
from segue.demo.pages import ABSENCE, view_page, watch_video
from segue.demo.shop import fill_cart
from segue.domain.instant import DAY, HOUR, MINUTE

TRIAL: Final = 14 * DAY
_STEPS: Final = ("profile", "import", "first_project", "teammates")
STEPS: Final = len(_STEPS)
"""Steps of the onboarding."""
_METHODS: Final = ("google", "password", "password", "microsoft")
_REASONS: Final = ("too expensive", "missing feature", "switched", "no longer needed")
_PLANS: Final = (("starter", 19), ("team", 49), ("team", 49), ("business", 129))
_ACTIVATION_WINDOW: Final = 7 * DAY


def sign_up(life: Life) -> None:
    """Create an account and start a trial, with or without the onboarding."""
    view_page(life, "/signup")
    life.distinct_id = life.known_id
    life.do("user_created", {"method": _METHODS[life.dice.below(4)]})
    _identify(life, life.anonymous_id)
    life.do("trial_started", {"days": 14, "plan": "team"})
    life.member, life.visit, life.trial_at = True, visit, life.clock
    mail.subscribe(life)
    _onboard(life)
    _plan_trial(life)


def _identify(life: Life, anonymous_id: str) -> None:
    life.do(
        "$identify",
        {
            "$anon_distinct_id": anonymous_id,
            "email": life.email,
            "plan": "trial",
            "company_size": life.company_size,
            "country": life.country,
            "is_test": life.is_test,
        },
    )


def _onboard(life: Life) -> None:
    completes = life.dice.one_in(life.kind.onboards)
    done = len(_STEPS) if completes else life.dice.below(len(_STEPS))
    for number, name in enumerate(_STEPS[:done], start=1):
        life.pause(60)
        life.do("onboarding_step", {"step": number, "name": name})
    life.onboarded = completes
    if completes:
        life.do("onboarding_completed", {"steps": done})


def _plan_trial(life: Life) -> None:
    """Decide what the trial will be like. Each of these is drawn apart from the others, so that
    none is a sign of another among people of one kind."""
    dice, start = life.dice, life.clock
    life.activated = dice.one_in(life.kind.activates)
    life.invited_early = dice.one_in(life.kind.invites)
    if life.activated:
        first_use = start + HOUR + int(dice.roll() * dice.roll() * 6.5 * DAY)
        life.plan(first_use, use_core_feature)
    if life.invited_early:
        life.plan(start + HOUR + int(dice.roll() * 2.5 * DAY), _invite)
    life.plan(start + TRIAL, _end_trial)
    life.plan_visit(come, life.gap)


def come(life: Life) -> None:
    """Use the product, and plan the next time, until it has lost its charm."""
    visit(life)
    bores = life.kind.fades * (1.0 if life.activated else 3.0)
    life.bored = life.bored or life.dice.one_in(bores)
    if not life.bored:
        life.plan_visit(come, life.gap)
    elif life.dice.one_in(0.2):
        life.plan_visit(come, ABSENCE)


def visit(life: Life) -> None:
    """One session in the product."""
    if not life.two_devices and life.dice.one_in(0.03):
        _sign_in_elsewhere(life)
    view_page(life, "/app")
    life.do("dashboard_viewed", {"widgets": 3 + life.dice.below(6)})
    life.pause(45)
    settled = life.clock - life.trial_at > _ACTIVATION_WINDOW
    if life.dice.one_in(0.85 if life.activated else 0.2 if settled else 0.0):
        use_core_feature(life)
    if settled and life.dice.one_in(life.kind.shares / 2):
        _invite(life)
    if life.dice.one_in(life.kind.shares):
        life.do("report_shared", {"with": ("link", "email", "slack")[life.dice.below(3)]})
        life.pause(30)
    _look_around(life)


def _look_around(life: Life) -> None:
    if life.dice.one_in(0.15):
        view_page(life, "/docs")
    if life.dice.one_in(0.05):
        watch_video(life, "advanced-reports")
    if not life.subscribed and life.dice.one_in(0.12):
        view_page(life, "/pricing")
    if life.dice.one_in(life.kind.fills_cart / 2):
        fill_cart(life)


def use_core_feature(life: Life) -> None:
    """Create a project now and then, and run reports."""
    if life.dice.one_in(0.35):
        life.do("project_created", {"template": life.dice.one_in(0.4)})
        life.pause(120)
    for _ in range(1 + life.dice.below(4)):
        life.do("report_run", {"rows": 100 * (1 + life.dice.below(500))})
        life.pause(80)


def _invite(life: Life) -> None:
    life.do("teammate_invited", {"role": ("editor", "viewer")[life.dice.below(2)]})
    life.pause(40)


def _sign_in_elsewhere(life: Life) -> None:
    """Come with another device, unknown until they sign in on it."""
    life.two_devices = True
    other = f"{life.anonymous_id}-b"
    life.do_as(other, "$pageview", {"path": "/", "referrer": "", "device": "mobile"})
    life.pause(30)
    _identify(life, other)


def _end_trial(life: Life) -> None:
    life.do("trial_ended", {"days": 14})
    causes = [
        effect
        for effect, present in (
            (ACTIVATION_TO_SUBSCRIPTION, life.activated),
            (INVITE_TO_SUBSCRIPTION, life.invited_early),
        )
        if present
    ]
    if life.dice.one_in(raised(life.kind.subscribes, *causes)):
        life.plan(life.clock + MINUTE + int(life.dice.wait(0.8 * DAY)), subscribe)
    else:
        life.gap *= 4


def subscribe(life: Life) -> None:
    """Take a plan and pay for it, unless somebody has one already."""
    if life.subscribed:
        return
    view_page(life, "/billing")
    plan, monthly = _PLANS[life.dice.below(4)]
    life.annual = life.dice.one_in(0.3)
    life.subscribed = True
    interval = "year" if life.annual else "month"
    life.do("subscribed", {"plan": plan, "interval": interval, "mrr": monthly})
    life.do("$identify", {"plan": plan})
    _plan_invoice(life, monthly, months_paid=0)
    if life.bored:
        life.bored = False
        life.plan_visit(come, life.gap)


def _plan_invoice(life: Life, monthly: int, months_paid: int) -> None:
    """The next thirty-day turn of a subscription, at night."""
    night = (life.clock // DAY + (30 if months_paid else 1)) * DAY + 2 * HOUR

    def turn(person: Life) -> None:
        if months_paid % 12 == 0 or not person.annual:
            amount = monthly * (10 if person.annual else 1)
            person.do("invoice_paid", {"amount": amount, "currency": "EUR"})
        causes = (ANNUAL_TO_CANCELLATION,) if person.annual else ()
        if months_paid and person.dice.one_in(raised(person.kind.cancels, *causes)):
            person.plan_visit(_cancel, 3 * DAY)
        else:
            _plan_invoice(person, monthly, months_paid + 1)

    life.plan(night + life.dice.below(60) * MINUTE, turn)


def _cancel(life: Life) -> None:
    view_page(life, "/billing")
    life.do("cancelled", {"reason": _REASONS[life.dice.below(4)]})
    life.do("$identify", {"plan": "none"})
    life.subscribed, life.bored = False, True
