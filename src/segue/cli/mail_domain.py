"""`segue campaigns check-domain`: whether mail from a domain will be believed."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Final

import typer
from rich.markup import escape

from segue.adapters.channels.name_server import NameServer
from segue.bootstrap.environment import channels
from segue.cli import options
from segue.cli.app import Exit, example
from segue.cli.campaigns import campaigns
from segue.cli.output import console, print_json
from segue.domain.addresses import mail_address
from segue.services.acting.mail_domain import Finding, Grade, check_domain

_MARKS: Final = {
    Grade.GOOD: "[good]✓[/]",
    Grade.DOUBTFUL: "[soon]![/]",
    Grade.MISSING: "[bad]✗[/]",
}


@campaigns.command(
    "check-domain",
    epilog=example(
        "segue campaigns check-domain shop.example --selector s1",
        "segue campaigns check-domain shop.example --selector s1 --json",
    ),
)
def check_domain_(
    domain: Annotated[
        str, typer.Argument(metavar="DOMAIN", help="What stands after the @ of the sender.")
    ],
    *,
    selector: Annotated[
        list[str] | None,
        typer.Option("--selector", metavar="NAME", help="A DKIM selector of it; may be repeated."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Look up SPF, DKIM and DMARC of a domain, and say what to add to it.

    What is missing ends with exit code 1.
    """
    name = mail_address(f"x@{domain.strip().rpartition('@')[2]}").partition("@")[2]
    mail = channels().mail
    host = mail.host if mail is not None else ""
    found = check_domain(name, NameServer().texts, selectors=selector or (), host=host)
    if as_json:
        print_json({"domain": name, "findings": [dataclasses.asdict(one) for one in found]})
    else:
        print_findings(found)
    if any(one.grade is Grade.MISSING for one in found):
        raise typer.Exit(Exit.FINDINGS)


def print_findings(findings: list[Finding]) -> None:
    """Each finding, and below it what to put into DNS where."""
    out = console()
    for one in findings:
        out.print(f"{_MARKS[one.grade]} [title]{escape(one.about)}[/] {escape(one.what)}")
        if one.add:
            out.print(f"    [faint]TXT of[/] {escape(one.name)}", soft_wrap=True)
            out.print(f"    [command]{escape(one.add)}[/]", soft_wrap=True)
