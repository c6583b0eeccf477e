"""The campaigns and surveys of the tests: every look, every kind of question.

They start when nobody lives any more: a test makes the deliveries that it wants, and no others.
"""

from __future__ import annotations

_MESSAGE = """
  {name}:
    segment: visitors
    when: {when}
    already_in: skip
    starts: 2190-01-01
    channel: in_app
    heading: {heading}
    body: Your trial ends in three days.
    button: Invite a colleague
    url: {url}
    priority: {priority}
    caps: {caps}
    show: {show}
"""


def message(
    name: str,
    show: str,
    *,
    when: str = "entering",
    heading: str = "Pick up where you left off",
    url: str = "/next",
    priority: int = 0,
    caps: str = "[]",
) -> str:
    """An in-app message; `show` as in the project file."""
    return _MESSAGE.format(
        name=name,
        show=show,
        when=when,
        heading=heading,
        url=url,
        priority=priority,
        caps=caps,
    )


DRAWN = ("banner", "card", "modal", "tooltip", "checklist")
"""The looks that draw something."""

TRIGGERS = {
    "on_page": "{page: '/pricing*'}",
    "on_event": "{event: export_started}",
    "on_facts": "{event: report_run, where: 'rows > 100 and format = \"pdf\"'}",
    "on_dwell": "{dwell: 2 seconds}",
    "on_scroll": "{scroll: 60%}",
    "on_exit": "exit_intent",
}
"""Messages by what they wait for."""

_LOOKS = "".join(
    message(
        look, f"{{look: {look}, selector: '#plain'}}" if look == "tooltip" else f"{{look: {look}}}"
    )
    for look in ("banner", "card", "modal", "tooltip")
)
_WAITING = "".join(
    message(name, f"{{look: card, on: [{trigger}]}}") for name, trigger in TRIGGERS.items()
)

_OTHERS = """
  checklist:
    segment: visitors
    when: inside
    already_in: skip
    starts: 2190-01-01
    channel: in_app
    heading: Set up your workspace
    show: {look: checklist}
    steps:
      - {text: Make a project, url: /new, done: project_created}
      - {text: Run your first report, url: /reports, done: report_run}
      - {text: Tell the team}
  prices:
    segment: visitors
    when: inside
    already_in: skip
    starts: 2190-01-01
    channel: in_app
    payload: {plan: pro, price: 19.5}
    show: {look: slot, slot: prices}
"""

_SURVEYS = """
surveys:
  nps:
    segment: visitors
    when: entering
    already_in: skip
    starts: 2190-01-01
    questions:
      - {id: score, kind: nps, ask: How likely are you to recommend Acme?, then: {0 to 6: why, else: end}}
      - {id: why, kind: text, ask: What should we do better?}
    thanks: We read every answer.
    show: {look: card}
  every_kind:
    segment: visitors
    when: entering
    already_in: skip
    starts: 2190-01-01
    questions:
      - {id: role, kind: single, ask: What do you do?, choices: [Design, Build, Sell], required: true}
      - {id: why, kind: multiple, ask: What brought you here?, choices: [Work, Study, Curiosity]}
      - {id: stars, kind: rating, ask: How was it?, scale: 5}
      - {id: csat, kind: csat, ask: How satisfied are you?}
      - {id: ces, kind: ces, ask: It was easy.}
      - {id: more, kind: text, ask: Anything else?}
    show: {look: card}
  asked_in_front:
    segment: visitors
    when: entering
    already_in: skip
    starts: 2190-01-01
    questions:
      - {id: csat, kind: csat, ask: How satisfied are you?, required: true}
    show: {look: modal}
"""

CAMPAIGNS = (
    "campaigns:"
    + _LOOKS
    + _WAITING
    + message("delayed", "{look: card, delay: 1 second}")
    + message("first", "{look: card}", heading="First", priority=9)
    + message("second", "{look: card}", heading="Second", priority=1)
    + message("capped", "{look: card}", caps="[{at_most: 1, within: 1 day}]")
    + _OTHERS
    + _SURVEYS
)
