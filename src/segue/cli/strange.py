"""What to say of a file that is no event log: what it is, what is missing, what could be done."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.bootstrap.beginning import Strange
from segue.cli.output import paragraph, plain_table
from segue.services import words
from segue.services.tabular import Rates, Topics

_QUESTIONS: Final = {
    "person_id": "who did it",
    "event": "what they did",
    "occurred_at": "when they did it",
}


def print_strange(out: Console, strange: Strange) -> None:
    """Print what the file has, what it lacks, what it says all the same and what to do."""
    sample = strange.sample
    names = sample.names
    out.print()
    out.print(
        f" [title]{escape(sample.path.name)}[/] is no event log: {_size(strange)}"
        f"{words.counted(len(names), 'column')}"
    )
    paragraph(out, Text(f"columns: {words.listed(names, 14)}", style="faint"))
    out.print()
    for role in sample.missing:
        out.print(f" [bad]✗[/] no column says {_QUESTIONS[role]} ([title]{role}[/])")
    for role, column in sample.columns.items():
        if role in _QUESTIONS:
            out.print(f" [good]✓[/] {escape(column)} says {_QUESTIONS[role]}")
    out.print()
    if strange.rates is not None:
        _print_rates(out, strange.rates)
    if strange.topics is not None:
        _print_topics(out, strange.topics)
    for line in advice(strange):
        paragraph(out, line, bullet="→")
    out.print()


def strange_document(strange: Strange) -> dict[str, Any]:
    """The JSON form of the same."""
    sample, rates, found = strange.sample, strange.rates, strange.topics
    return {
        "event_log": False,
        "columns": dict(sample.columns),
        "missing": list(sample.missing),
        "rows": strange.rows,
        "rates": None
        if rates is None
        else {
            "group": rates.group,
            "outcome": rates.outcome,
            "alike_in": list(rates.alike_in),
            "rows": [
                {"value": value, "rows": rows, "share": round(share, 6)}
                for value, rows, share in rates.rows
            ],
        },
        "topics": None
        if found is None
        else {
            "text": found.text,
            "label": found.label,
            "labels": found.labels,
            "largest": [{"label": label, "texts": count} for label, count in found.largest],
        },
        "advice": [Text.from_markup(line).plain for line in advice(strange)],
    }


def advice(strange: Strange) -> list[str]:
    """What could be done with the file, most fitting first; in rich's markup."""
    sample, rates, found = strange.sample, strange.rates, strange.topics
    lines = []
    if found is not None:
        lines.append(
            "These are voices. With who said it and when, each becomes an event: "
            f"[title]$survey_answered[/] with the property [title]{escape(found.text)}[/],"
            " and every segment can say why."
        )
    elif rates is not None and set(sample.missing) == set(_QUESTIONS):
        lines.append(
            "One row per person says how it ended, not what they did. Ask for the events behind "
            "it: one row each time somebody visited, bought or got a message."
        )
    if 0 < len(sample.missing) < len(_QUESTIONS):
        given = ",".join(f"{role}=COLUMN" for role in sample.missing)
        lines.append(
            f"If a column does say it, name it: [command]segue try {escape(str(sample.path))} "
            f"--columns {given}[/]"
        )
    lines.append(
        "An event log has one row per thing that happened, with [title]person_id[/], "
        "[title]event[/] and [title]occurred_at[/] under any names."
    )
    return lines


def _size(strange: Strange) -> str:
    return "" if strange.rows is None else f"{words.counted(strange.rows, 'row')}, "


def _print_rates(out: Console, rates: Rates) -> None:
    if rates.alike_in:
        alike = words.listed(rates.alike_in, 4)
        paragraph(
            out,
            Text(
                f"It looks like an experiment: the groups of {rates.group} are alike in {alike}, "
                f"and differ in {rates.outcome}:"
            ),
        )
    else:
        out.print(Text(f" What it does say: {rates.outcome} by {rates.group}"))
    table = plain_table()
    table.add_column(f"{escape(rates.group)}", overflow="fold")
    table.add_column("Rows", justify="right")
    table.add_column(escape(rates.outcome), justify="right")
    table.add_column("", no_wrap=True)
    top = rates.rows[0][2] or 1
    for value, rows, share in rates.rows:
        table.add_row(
            Text(value),
            words.number(rows),
            f"{share:.2%}",
            Text(words.bar(share / top, 24), style="bar"),
        )
    out.print(table)


def _print_topics(out: Console, found: Topics) -> None:
    out.print(
        Text(
            f" What it does say: {words.counted(found.rows, 'text')} in "
            f"{words.counted(found.labels, 'topic')}, the largest being"
        )
    )
    table = plain_table()
    table.add_column(f"{escape(found.label)}", overflow="fold")
    table.add_column("Texts", justify="right")
    table.add_column("Share", justify="right")
    for label, count in found.largest:
        table.add_row(Text(label), words.number(count), words.percent(count / found.rows))
    out.print(table)
