"""The page of a survey that an e-mail leads to: one question at a time, without scripts.

Whoever has the link may answer, and there is one response to one message, however often it is
followed. `GET` and `HEAD` answer nothing: a link that carries an answer only ticks it, and the
reader confirms it. That somebody saw the page is known of a picture in it, which programs that look
after the links of a mail do not load.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from segue.domain.campaigns import Pages, Question, QuestionKind
from segue.domain.errors import BusyError, SegueError
from segue.http.context import Context, Here
from segue.http.links import PICTURE, only_looks
from segue.http.pages import PRIVATE, shown, unknown
from segue.services.acting.links import LinkKind, Ticket, unseal
from segue.services.acting.mailed_survey import MailedSurveys, Sheet, Stage, shown_parts
from segue.services.acting.survey_way import Answer, answer_of, answers_to

LONGEST_FORM: Final = 64 * 1024
"""Bytes of a form that are looked at: the longest text in any script."""
STORING: Final = 20.0
"""Seconds that an answer may take to be stored."""

WORDS: Final[Mapping[str, str]] = {
    "back": "Back",
    "next": "Next",
    "send": "Send",
    "skip": "Skip",
    "required": "Please answer this question.",
    "thanks": "Thank you.",
    "closing": "Your answers have arrived. You can close this page.",
    "over": "This survey is over",
    "sorry": "Thank you for wanting to answer.",
}
"""What stands on the page, where the project has no words of its own."""
ENDS: Final[Mapping[QuestionKind, tuple[str, str]]] = {
    QuestionKind.NPS: ("Not at all likely", "Extremely likely"),
    QuestionKind.CSAT: ("Very dissatisfied", "Very satisfied"),
    QuestionKind.CES: ("Strongly disagree", "Strongly agree"),
    QuestionKind.RATING: ("Lowest", "Highest"),
}
"""What the ends of scales mean."""

_LOG: Final = logging.getLogger("segue.links")


def surveys_router() -> APIRouter:
    """The routes of surveys on pages, for one application."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/s/{token}", methods=["GET", "HEAD"])
    def ask(token: str, here: Here, at: str = "", answer: str = "") -> Response:
        """The page, at a question; `answer` is ticked where it is one to the first question."""
        sheet = _sheet(here, token, at, answer)
        return unknown() if sheet is None else _page(here, token, sheet, ticked=answer)

    @router.get("/s/{token}/seen.gif")
    def seen(request: Request, token: str, here: Here) -> Response:
        """Note that somebody sees the page."""
        sheet = None if only_looks(request) else _sheet(here, token)
        if sheet is not None:
            _note(here, sheet)
        return Response(PICTURE, media_type="image/gif", headers=PRIVATE)

    @router.post("/s/{token}")
    async def take(request: Request, token: str, here: Here, at: str = "") -> Response:
        """Take an answer, and lead on to what follows."""
        form = _form(await request.body())
        return await run_sync(_taken, here, token, at, form)

    return router


def _surveys(here: Context) -> MailedSurveys:
    return MailedSurveys(here.store, here.live.submit, here.live.standing)


def _sheet(here: Context, token: str, at: str = "", answer: str = "") -> Sheet | None:
    ticket = unseal(here.store.link_secret(), LinkKind.SURVEY, token)
    if ticket is None:
        return None
    first = _first(here, ticket) if answer else ""
    return _surveys(here).sheet(ticket, here.actor.acting, here.clock(), first or at)


def _first(here: Context, ticket: Ticket) -> str:
    """The id of the first question, which a link in a mail may answer."""
    campaign = here.actor.acting.campaign(ticket.campaign_id)
    survey = campaign.survey if campaign else None
    return survey.questions[0].id if survey else ""


def _note(here: Context, sheet: Sheet) -> None:
    try:
        _surveys(here).seen(sheet, here.clock())
    except BusyError:
        _LOG.warning("that a survey was seen was not taken in")


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        text = body[:LONGEST_FORM].decode("ascii", "replace")
        return parse_qs(text, max_num_fields=200, errors="replace")
    except ValueError:
        return {}


def _taken(here: Context, token: str, at: str, form: Mapping[str, list[str]]) -> Response:
    sheet = _sheet(here, token, at)
    if sheet is None:
        return unknown()
    if sheet.question is None or sheet.question.id != at:  # the page is an old one
        return _led_to(token, "")
    surveys, going = _surveys(here), form.get("go", [""])[0]
    try:
        step = surveys.answered(
            sheet,
            form.get("answer", []),
            here.clock(),
            back=going == "back",
            skip=going == "skip",
        )
        if step.stored is not None:
            step.stored.result(STORING)
    except (BusyError, TimeoutError):
        return shown("survey", _common(here.actor.acting.messaging.pages) | _TROUBLE, 503)
    if step.lacking:
        return _page(here, token, sheet, lacking=True)
    return _led_to(token, step.to)


def _led_to(token: str, question: str) -> Response:
    where = f"?at={quote(question, safe='')}" if question else token
    return RedirectResponse(where, 303, headers=PRIVATE)


# ----------------------------------------------------------------------------------------- the page

_TROUBLE: Final = {
    "state": "trouble",
    "title": "Your answer could not be kept",
    "note": "Too much happens at this moment. Go back, and send it again in a minute.",
}


def _page(
    here: Context, token: str, sheet: Sheet, *, ticked: str = "", lacking: bool = False
) -> Response:
    messaging = here.actor.acting.messaging
    common = _common(messaging.pages) | {"sender": messaging.sender.name}
    if sheet.campaign is None:
        return shown("survey", common | {"state": "over"}, 410)
    try:
        parts = here.actor.parts(shown_parts(sheet.campaign), sheet.delivery)
    except SegueError as error:
        _LOG.warning("a survey cannot be shown: %s", error.message)
        return shown("survey", common | {"state": "over"}, 410)
    if sheet.stage is Stage.DONE or sheet.question is None:
        return shown("survey", common | {"state": "done", "thanks": parts.get("thanks", "")})
    asked = _asked(sheet, sheet.question, parts, messaging.pages, ticked)
    status = 422 if lacking else 200
    return shown("survey", common | asked | {"token": token, "lacking": lacking}, status)


def _common(pages: Pages) -> dict[str, Any]:
    return {"lang": pages.lang, "words": {**WORDS, **pages.words}, "sender": ""}


def _asked(
    sheet: Sheet, question: Question, parts: Mapping[str, str], pages: Pages, ticked: str
) -> dict[str, Any]:
    answer = answer_of(question, [ticked]) if ticked else None
    given = sheet.answer if answer is None else answer
    return {
        "state": "asks",
        "id": question.id,
        "kind": question.kind.value,
        "text": parts.get(f"ask.{question.id}", question.text),
        "required": question.required,
        "options": _options(question, given),
        "answer": given if isinstance(given, str) else "",
        "ends": {**ENDS, **pages.scales}.get(question.kind) if question.range else None,
        "before": sheet.before,
        "last": sheet.is_last,
    }


def _options(question: Question, given: Answer | None) -> list[dict[str, Any]]:
    possible = question.choices or answers_to(question)
    chosen = set(given) if isinstance(given, tuple) else {str(given)}
    return [{"text": one, "checked": one in chosen} for one in possible]
