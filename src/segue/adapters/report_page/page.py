"""The page: its parts put together, its style, and the policy that lets nothing else in."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2

from segue.adapters.report_page import charts, findings, journey, lint, segments
from segue.insight.shares import Interval

_SECTIONS: Final = (journey, segments, findings, lint)
"""The parts of the page in their order; each makes a view of its part of the document."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How figures are said: a share (0 to 1) with its interval, and a length of time (ms)."""

    share: Callable[[float, Interval], str]
    length: Callable[[int], str]


def report_page(document: Mapping[str, Any], speech: Speech) -> str:
    """The report of a project, given as plain values, as one page of HTML.

    It needs nothing from anywhere else, and its policy would let nothing in.
    """
    environment = _environment(speech, ZoneInfo(document["timezone"]))
    views = [(part.NAME, part.TITLE, part.view(document[part.NAME])) for part in _SECTIONS]
    return environment.get_template("page.html").render(
        report=document, views=views, style=_style(), policy=_policy()
    )


def _environment(speech: Speech, zone: ZoneInfo) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": lambda value: f"{value:,}",
        "signed": lambda value: _minus(f"{value:+,}" if value else "0"),
        "lasting": speech.length,
        "share": lambda one: _share(one, speech),
        "points": _points,
        "day": lambda text: _local(text, zone, "%d %b %Y"),
        "moment": lambda text: _local(text, zone, "%d %b %Y, %H:%M"),
    }
    made.globals |= {"whisker": charts.whisker, "line": charts.line, "charts": charts}
    return made


def _share(one: Mapping[str, Any] | None, speech: Speech) -> str:
    """A share of a document in words."""
    if one is None or one["share"] is None or one["range"] is None:
        return "cannot tell yet"
    return speech.share(one["share"], Interval(*one["range"]))


def _points(one: Mapping[str, Any]) -> str:
    """A difference of shares in points: `+8 (3 to 12)`."""
    if one["difference"] is None or one["difference_range"] is None:
        return "cannot tell yet"
    low, high = (100 * end for end in one["difference_range"])
    digits = 0 if high - low >= 1.5 else 1
    value = 100 * one["difference"]
    return _minus(f"{value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})")


def _minus(number: str) -> str:
    """A number with the sign that printers use."""
    return number.replace("-", "−")


def _local(text: str, zone: ZoneInfo, form: str) -> str:
    moment = dt.datetime.fromisoformat(text).astimezone(zone)
    return moment.strftime(form).lstrip("0")


def _read(name: str) -> str:
    return files("segue.adapters.report_page").joinpath("templates", name).read_text("utf-8")


@cache
def _style() -> str:
    return _read("style.css")


@cache
def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'"
