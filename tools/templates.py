"""Write the tables of docs/templates.md from the shipped templates: `python -m tools.templates`.

A test compares the page with what this would write.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from segue.language.templates import Shape, Template, catalogue, rfm, standard_actions
from segue.language.templates.model import put

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
    actions = ((f"`{name}`", means) for name, means in standard_actions().items())
    graded = ((f"`{name}`", str(segment["title"])) for name, segment in rfm().items())
    return "\n".join(
        (
            "## Standard actions\n\n" + _table(("Action", "The person…"), actions),
            *(f"## {heading}\n\n" + "\n".join(_of(shape)) for heading, shape in HEADINGS.items()),
            "## RFM\n\n" + _table(("Segment", "Title"), graded),
        )
    )


def _of(shape: Shape) -> Iterable[str]:
    return (_described(one) for one in catalogue() if one.shape is shape)


def _described(template: Template) -> str:
    """What to do with it, its condition as shipped, what it needs, its knobs."""
    needs = "; or ".join(dict.fromkeys(_needs(form.needs) for form in template.forms))
    knobs = "".join(
        f"- `{p.name}`: {p.means}" + (f" ({p.default})" if p.default else "") + "\n"
        for p in template.parameters
    )
    return (
        f"### {template.title}\n\n`{template.id}`: {template.purpose}\n\n"
        f"{_conditions(template)}\nNeeds {needs}.\n\n{knobs}"
    )


def _conditions(template: Template) -> str:
    values = template.values({})
    form = next(form for form in template.forms if form.usable(form.needs, values))
    if form.levels:
        return "".join(
            f"- **{level.title or level.level}**: `{put(level.when, values)}`\n"
            for level in form.levels
        )
    condition = put(form.when, values) or f"did {form.event}"
    return f"```segue\n{condition}\n```\n"


def _needs(actions: tuple[str, ...]) -> str:
    return " and ".join(f"`{action}`" for action in actions) or "no action"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(text: str) -> str:
    """The page's text with the tables written anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + tables() + "\n" + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
