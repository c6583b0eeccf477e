"""`segue tail`: transitions in a terminal, from the running server."""

import json
from pathlib import Path

from tests.cli.conftest import Segue
from tests.http.api.conftest import furnish, served


def test_without_a_server_it_says_so(segue: Segue, shop: Path) -> None:
    done = segue("tail", "--json")

    assert done.code == 2
    assert done.error["code"] == "not_found"
    assert "segue serve" in done.error["hint"]


def test_transitions_are_told_one_line_each(segue: Segue, tmp_path: Path) -> None:
    """Who, what, and why."""
    with served(tmp_path / "served") as shop:
        furnish(shop)
        where = ("--workspace", tmp_path / "served", "--since", -1, "--all")
        one = segue("tail", *where, "--segment", "buyers", "--count", 1)
        raw = segue("tail", *where, "--person", "anon-1", "--count", 2, "--json")
        nobody = segue("tail", *where, "--person", "nobody", "--count", 1)

    assert one.code == 0
    assert "ada entered Buyers  because " in one.out
    assert [json.loads(line)["person_id"] for line in raw.out.splitlines()] == ["ada", "ada"]
    assert nobody.code == 2


def test_it_names_the_event_that_caused_it(segue: Segue, tmp_path: Path) -> None:
    with served(tmp_path / "served") as shop:
        shop.entered("eve")
        where = ("--workspace", tmp_path / "served", "--since", -1)
        done = segue("tail", *where, "--segment", "lookers", "--count", 1)

    assert "eve entered Lookers  because look" in done.out
