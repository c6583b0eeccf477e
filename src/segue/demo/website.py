"""What people do at the web site before they sign up: look around, read, watch, buy, try."""

from __future__ import annotations

from typing import Final

from segue.demo import mail, product
from segue.demo.effects import DEMO_TO_TRIAL, raised
from segue.demo.kinds import PLACES
from segue.demo.life import Life, Value
from segue.demo.pages import ABSENCE, HOME, view_page, watch_video
from segue.demo.shop import fill_cart
from segue.domain.instant import DAY

_ARTICLES: Final = (
    "behavioral-segmentation", "right-message-right-time", "onboarding-that-works",
    "churn-explained", "pricing-lessons", "demo-videos", "e-mail-that-people-open",
    "product-led-growth",
)  # fmt: skip
_VIDEOS: Final = ("getting-started", "first-report", "customer-story", "webinar")
_PRODUCTS: Final = ("reports", "projects", "sharing", "integrations")
_SOURCES: Final[tuple[tuple[str, dict[str, Value]], ...]] = (
    ("https://www.google.com/", {}),
    ("https://www.google.com/", {"utm_source": "google", "utm_medium": "cpc"}),
    ("https://www.linkedin.com/", {"utm_source": "linkedin", "utm_medium": "social"}),
    ("https://news.example/", {}),
    ("", {}),
)
_DEMO_SECONDS: Final = 180


def come(life: Life) -> None:
    """Visit the site, and plan the next visit, if there will be one."""
    if life.member:
        return
    visit(life)
    if life.member:
        return
    if life.dice.one_in(life.kind.returns):
        life.plan_visit(come, 7 * DAY / life.kind.visits)
    elif life.dice.one_in(0.15):
        life.plan_visit(come, ABSENCE)


def visit(life: Life) -> None:
    """One visit: some pages, and at its end the decision to start a trial."""
    referrer, campaign = _SOURCES[life.dice.below(len(_SOURCES))]
    life.campaign = life.campaign or campaign
    for page in range(1 + int(life.dice.wait(life.kind.pages - 0.6))):
        place = PLACES[life.dice.pick(life.kind.places)]
        _look(life, place, referrer if page == 0 else HOME)
    life.campaign = {}
    if not life.mailed and life.dice.one_in(0.06 if life.kind.name != "reader" else 0.2):
        life.do("newsletter_subscribed", {"form": "footer"})
        mail.subscribe(life)
    if not life.member and life.dice.one_in(_starts(life)):
        product.sign_up(life)


def _starts(life: Life) -> float:
    if life.staff or life.is_test:
        return 0.8
    causes = (DEMO_TO_TRIAL,) if life.watched_demo else ()
    return raised(life.kind.starts, *causes)


def _look(life: Life, place: str, referrer: str) -> None:
    path, slug = _path(life, place)
    view_page(life, path, referrer)
    if place == "blog":
        _read(life, slug)
    elif place == "video":
        watch_video(life, slug)
    elif place in {"product", "features"}:
        _consider_demo(life)
    elif place == "pricing" and life.dice.one_in(life.kind.fills_cart):
        fill_cart(life)


def _path(life: Life, place: str) -> tuple[str, str]:
    if place == "blog":
        slug = _ARTICLES[life.dice.below(len(_ARTICLES))]
        return f"/blog/{slug}", slug
    if place == "video":
        slug = _VIDEOS[life.dice.below(len(_VIDEOS))]
        return f"/videos/{slug}", slug
    if place == "product":
        return f"/product/{_PRODUCTS[life.dice.below(len(_PRODUCTS))]}", ""
    return ("/" if place == "home" else f"/{place}"), ""


def _read(life: Life, slug: str) -> None:
    if life.dice.one_in(0.75):
        percent = 10 * (1 + life.dice.below(10))
        life.pause(percent * 2)
        life.do("article_read", {"slug": slug, "seconds": percent * 4, "percent": percent})


def _consider_demo(life: Life) -> None:
    if life.dice.one_in(life.kind.watches_demo):
        percent = 10 * (2 + life.dice.below(9))
        life.pause(percent)
        seconds = _DEMO_SECONDS * percent // 100
        life.do("demo_video_watched", {"seconds": seconds, "percent": percent})
        life.watched_demo = life.watched_demo or percent >= 50
    if life.dice.one_in(life.kind.requests_demo):
        life.do("demo_requested", {"company_size": life.company_size})
        life.pause(60)
