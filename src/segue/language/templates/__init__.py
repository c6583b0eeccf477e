"""Segments that most products need, as templates over standard actions.

`catalogue` lists them, `guess_actions` offers what the actions are in somebody's events,
`applicable` says which templates that allows, `fill` and `starter` write them, `rfm` writes the
segments of an RFM analysis (`rfm_grades` its grades), and `lifecycle` those of who came and went.
"""

from segue.language.templates.catalogue import applicable, catalogue, fill, starter, template
from segue.language.templates.guess import (
    Guess,
    guess_actions,
    guess_not_activity,
    guess_parameters,
    standard_actions,
)
from segue.language.templates.lifecycle import lifecycle
from segue.language.templates.model import Form, Level, Parameter, Shape, Template
from segue.language.templates.rfm import rfm, rfm_grades

__all__ = [
    "Form",
    "Guess",
    "Level",
    "Parameter",
    "Shape",
    "Template",
    "applicable",
    "catalogue",
    "fill",
    "guess_actions",
    "guess_not_activity",
    "guess_parameters",
    "lifecycle",
    "rfm",
    "rfm_grades",
    "standard_actions",
    "starter",
    "template",
]
