"""The script as it is committed: of its modules, small, and without what strict pages forbid."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tools.sdk import SOURCE, made

MOST = 10 * 1024
"""Bytes of what every page has."""
STATIC = files("segue.http").joinpath("static")


def test_it_is_up_to_date() -> None:
    """`python -m tools.sdk` makes what is committed."""
    committed = {name: STATIC.joinpath(name).read_text(encoding="utf-8") for name in made()}

    assert committed == made()


def test_it_is_small() -> None:
    """What every page has; what draws comes where there is something to draw."""
    assert len(STATIC.joinpath("sdk.js").read_bytes()) < MOST


FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|cssText"
    r"|setAttribute\(['\"]style|srcdoc|\.setTimeout\(['\"]"
)


@pytest.mark.parametrize("name", ["sdk.js", "messages.js"])
def test_it_does_nothing_that_strict_pages_forbid(name: str) -> None:
    """No text is read as HTML or as a program; no style stands in an attribute."""
    assert not FORBIDDEN.findall(STATIC.joinpath(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", sorted(SOURCE.glob("*.js")), ids=lambda path: path.name)
def test_every_module_says_what_it_is(module: object) -> None:
    """In its first line; and imports only its neighbours."""
    text = (SOURCE / str(module)).read_text(encoding="utf-8")

    assert text.startswith("// ")
    assert all(one.startswith("./") for one in re.findall(r"from '([^']+)'", text))
    assert len(text.splitlines()) < 300
