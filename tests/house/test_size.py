"""How large things may grow before they must be divided; generous on purpose."""

import statistics

from tests.house.source import Function, modules

LONGEST_FUNCTION = 60
LONGEST_MODULE = 600
MEDIAN_FUNCTION = 12


def _function_lengths() -> dict[str, int]:
    return {
        name: (node.end_lineno or node.lineno) - node.lineno + 1
        for module in modules()
        for name, node in module.definitions()
        if isinstance(node, Function)
    }


def test_no_function_is_too_long_to_read() -> None:
    """A function that does not fit a screen holds more than one idea."""
    too_long = {name: n for name, n in _function_lengths().items() if n > LONGEST_FUNCTION}

    assert not too_long


def test_half_of_the_functions_are_short() -> None:
    """The median function is a dozen lines, docstring included."""
    assert statistics.median(_function_lengths().values()) <= MEDIAN_FUNCTION


def test_no_module_is_too_long_to_hold_one_idea() -> None:
    """A module is one idea."""
    too_long = {module.name: module.lines for module in modules() if module.lines > LONGEST_MODULE}

    assert not too_long


def test_no_module_is_named_after_nothing() -> None:
    """`utils`, `helpers`, `common` and `misc` say nothing about what lives there."""
    nothing = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager"}

    named = {module.name for module in modules() if set(module.name.split(".")) & nothing}

    assert not named
