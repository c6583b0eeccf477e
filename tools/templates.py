"""Write the tables of docs/templates.md from the shipped templates: `python -m tools.templates`.

A test compares the page with what this would write.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from segue.language.templates import Shape, Template, catalogue, rfm, standard_actions

PAGE = Path(__file__).resolve().parent.parent / "docs" / "templates.md"
BEGIN = "<!-- their words -->\n<!-- written by tools/templates.py -->\n"
END = "<!-- /their words -->\n"


HEADINGS = {
    "Segments": Shape.SEGMENT,
    "Ladders": Shape.LADDER,
    "Journeys": Shape.JOURNEY,
    "Goals": Shape.GOAL,
}


def tables() -> str:
    """The sections of the page: the actions, one section per shape, RFM."""
    shapes = [
        f"## {heading}\n\n" + _table(_COLUMNS, map(_cells, _of(shape)))
        for heading, shape in HEADINGS.items()
    ]
    actions = ((f"`{name}`", means) for name, means in standard_actions().items())
    graded = ((f"`{name}`", str(segment["title"])) for name, segment in rfm().items())
    return "\n".join(
        (
            "## Standard actions\n\n" + _table(("Action", "The person…"), actions),
            *shapes,
            "## RFM\n\n" + _table(("Segment", "Title"), graded),
        )
    )


_COLUMNS = ("Template", "Actions", "What to do with it", "To tune")


def _of(shape: Shape) -> list[Template]:
    return [template for template in catalogue() if template.shape is shape]


def _cells(template: Template) -> tuple[str, ...]:
    needs = "<br>or ".join(dict.fromkeys(_needs(form.needs) for form in template.forms))
    tune = "<br>".join(
        f"`{p.name}`: {p.means}" + (f" ({p.default})" if p.default else "")
        for p in template.parameters
    )
    return f"**{template.title}**<br>`{template.id}`", needs, template.purpose, tune


def _needs(actions: tuple[str, ...]) -> str:
    return " + ".join(f"`{action}`" for action in actions) or "none"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(text: str) -> str:
    """The page's text with the tables written anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + tables() + "\n" + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
