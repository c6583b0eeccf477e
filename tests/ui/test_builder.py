"""A segment written, tried, saved, changed and removed: by forms, and while one types."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from segue.bootstrap import environment
from segue.domain.users import Role
from tests.http.running import running
from tests.ui.conftest import DEFINITIONS, Studio, _live

COMMENTED = DEFINITIONS.replace(
    "segments:\n",
    """segments:
  # people with money
  spenders:
    title: Spenders   # they pay
    when: |
      # the dear ones
      did   buy where price>9
      at least 1 times   # once will do
    kind: purchase
""",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A shop of its own, whose project file may be changed, and an editor."""
    folder = tmp_path_factory.mktemp("builder") / "shop"
    with running(folder, definitions=COMMENTED) as server:
        _live(server)
        store, now = server.serving.store, environment.now()
        editor = store.add_user("eva", Role.EDITOR, now=now)
        cookies = {"segue_session": store.begin_session(editor.id, now=now)}
        with httpx.Client(base_url=server.address, cookies=cookies, timeout=60) as client:
            yield Studio(server, client)


def _file(shop: Studio) -> Path:
    return shop.server.serving.workspace.definitions


def _mark(shop: Studio) -> str:
    return shop.page("/account").partition('name="mark" value="')[2].partition('"')[0]


def _sent(shop: Studio, path: str, segment: str = "", **form: str) -> httpx.Response:
    query = {"segment": segment} if segment else {}
    data = {"mark": _mark(shop), **form}
    return shop.client.post(f"/studio/builder/{path}", params=query, data=data)


def test_trying_shows_what_it_would_mean(shop: Studio) -> None:
    """In words, how many, how that went, who entered last; nothing is saved."""
    before = _file(shop).read_text()

    page = shop.page("/builder", title="Rich", when="did buy where price > 9", look="try")

    assert "Bought where price is more than 9." in page.replace("has b", "B").replace("Has b", "B")
    assert "<b>10</b> of 60 people, 16.7 %" in page
    assert "Entered last:" in page
    assert "a day enter" in page
    assert _file(shop).read_text() == before


@pytest.mark.parametrize(
    ("when", "said", "mended"),
    [
        ("did looked at leest 2 times", "leest", "did looked at least 2 times"),
        ("did looked whithin 7 days", "did you mean <b>within</b>", "did looked within 7 days"),
        ("did bye", "did you mean", "did buy"),
        ("in nowhere", "nowhere", ""),
        ("did looked within 2 months", "60 days", "did looked within 60 days"),
        ("", "write a condition", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    shop: Studio, when: str, said: str, mended: str
) -> None:
    """With the text, a caret below the place, the nearest name, and a button that mends it."""
    part = _sent(shop, "try", when=when)

    assert part.status_code == 200
    assert said in part.text
    assert (f'data-mend="{mended}"' in part.text) == bool(mended)
    assert "<html" not in part.text


def test_an_address_opens_it_filled_in(shop: Studio) -> None:
    """Others link to it: a new one, or another condition for one that there is."""
    new = shop.page(
        "/builder", title="<b>Rich</b>", when='did "buy"', kind="purchase", stage="paying"
    )
    assert 'value="&lt;b&gt;Rich&lt;/b&gt;"' in new
    assert "did &#34;buy&#34;</textarea>" in new
    assert 'name="b.what.names.0" value="&#34;buy&#34;"' in new
    assert "<option selected>paying</option>" in new

    other = shop.page("/builder", segment="spenders", when="did buy")
    assert 'value="Spenders"' in other
    assert "did buy</textarea>" in other


def test_a_segment_is_saved_changed_and_removed(shop: Studio) -> None:
    """In the file, whose comments stay; in force at once; and each can be undone."""
    first = _file(shop).read_text()
    saved = _sent(shop, "save", title="Big spenders!", when="did  buy\n where price > 9")
    assert saved.headers["location"].startswith("/studio/segments/big_spenders?undo=")
    assert "# people with money" in _file(shop).read_text()
    assert "when: |-\n      did  buy\n       where price > 9" in _file(shop).read_text()
    assert "<b>10</b> people" in shop.page("/segments/big_spenders")
    assert "Made Big spenders!." in shop.client.get(saved.headers["location"]).text

    builder = shop.page("/builder", segment="big_spenders")
    assert "did  buy\n where price &gt; 9</textarea>" in builder
    form = {"title": "Big spenders", "kind": "purchase", "stage": "paying"}
    _sent(shop, "save", "big_spenders", **form, when="did buy where price > 14")
    assert "<b>5</b> people" in shop.page("/segments/big_spenders")

    removed = _sent(shop, "remove", "big_spenders", title="Big spenders", when="did buy")
    assert removed.headers["location"].startswith("/studio/segments?undo=")
    assert _file(shop).read_text() == first
    assert shop.client.get("/studio/segments/big_spenders").status_code == 404

    token = removed.headers["location"].partition("undo=")[2]
    shop.client.post(f"/studio/undo/{token}", data={"mark": _mark(shop)})
    assert "<b>5</b> people" in shop.page("/segments/big_spenders")
    _sent(shop, "remove", "big_spenders", when="did buy")


def test_saved_untouched_the_file_stays_as_it_is(shop: Studio) -> None:
    """Letter by letter: odd spaces, comments in the condition, and how it is laid out."""
    before = _file(shop).read_text()
    page = shop.page("/builder", segment="spenders")
    written = page.partition('required aria-describedby="when-help">\n')[2].partition(
        "</textarea>"
    )[0]
    when = written.replace("&gt;", ">").replace("\n", "\r\n")  # as a browser sends it

    saved = _sent(shop, "save", "spenders", title="Spenders", kind="purchase", when=when)

    assert saved.headers["location"] == "/studio/segments/spenders"
    assert _file(shop).read_text() == before


def test_a_change_keeps_what_is_around_it(shop: Studio) -> None:
    """The other keys, their order and their comments."""
    before = _file(shop).read_text()

    saved = _sent(shop, "save", "spenders", title="Spenders", kind="purchase", when="did buy")

    after = _file(shop).read_text()
    assert (
        "    title: Spenders   # they pay\n    when: |-\n      did buy\n    kind: purchase\n"
        in after
    )
    token = saved.headers["location"].partition("undo=")[2]
    shop.client.post(f"/studio/undo/{token}", data={"mark": _mark(shop)})
    assert _file(shop).read_text() == before


def test_a_new_segment_takes_nobodys_place(shop: Studio) -> None:
    before = _file(shop).read_text()

    response = _sent(shop, "save", title="Buyers", when="did buy")

    assert response.status_code == 400
    assert "There is a segment &#39;buyers&#39; already" in response.text
    assert _file(shop).read_text() == before


def test_what_is_wrong_is_not_saved(shop: Studio) -> None:
    """The form comes back as it was written, with what is wrong."""
    before = _file(shop).read_text()

    response = _sent(shop, "save", title="Broken", when="did looked whithin 7 days")

    assert response.status_code == 400
    assert "did looked whithin 7 days</textarea>" in response.text
    assert 'data-mend="did looked within 7 days"' in response.text
    assert _file(shop).read_text() == before


def test_a_file_that_is_read_only_gives_the_change_to_apply(shop: Studio) -> None:
    _file(shop).chmod(0o444)
    try:
        response = _sent(shop, "save", title="Rich", when="did buy")
    finally:
        _file(shop).chmod(0o644)

    assert response.status_code == 400
    assert "+  rich:" in response.text


def test_levels_are_changed_in_the_file(shop: Studio) -> None:
    page = shop.page("/builder", segment="habit.high")

    assert "is a level of a ladder" in page
    assert "<textarea" not in page


def test_viewers_build_nothing(shop: Studio) -> None:
    """Neither is the way there shown to them."""
    store, now = shop.server.serving.store, environment.now()
    viewer = store.add_user(f"vic {os.urandom(4).hex()}", Role.VIEWER, now=now)
    headers = {"cookie": f"segue_session={store.begin_session(viewer.id, now=now)}"}

    builder, segments = (
        httpx.get(f"{shop.address}/studio/{one}", headers=headers, timeout=60)
        for one in ("builder", "segments")
    )
    assert builder.status_code == 403
    assert "New segment" not in segments.text


# --------------------------------------------------------------------------- clicking and typing


def _blocks(shop: Studio, **fields: str) -> dict[str, object]:
    data = {"mark": _mark(shop), **fields}
    found: dict[str, object] = shop.client.post("/studio/builder/blocks", data=data).json()
    return found


def test_a_text_becomes_blocks_and_they_a_text(shop: Studio) -> None:
    """What cannot be read is told at its place; what is missing, too."""
    read = _blocks(shop, text="did buy where price > 9 at least 2 times within 7 days")
    assert 'name="b.what.where.filter.test.value" value="9"' in str(read["blocks"])
    assert read["problems"] == []

    (problem,) = _blocks(shop, text="did buy whithin 7 days")["problems"]  # type: ignore[misc]
    assert (problem["line"], problem["column"]) == (1, 9)
    assert problem["mended"] == "did buy within 7 days"

    fields = {
        "b.is": "did",
        "b.what.is": "event",
        "b.what.names.0": "Order Done",
        "b.when.is": "within",
    }
    made = _blocks(shop, **fields)
    assert made["text"] == 'did "Order Done" within 7 days'

    empty = _blocks(shop, **fields | {"b.what.names.0": " "})
    assert empty["problems"] == [{"message": "an event is missing"}]
    assert "text" not in empty


def test_a_click_adds_a_condition(shop: Studio) -> None:
    made = _blocks(shop, **{"b.is": "in", "b.segment": "buyers", "do": "and", "at": ""})

    assert made["text"] == "in buyers and did looked"
    assert made["focus"] == "terms.1"


def proposed(shop: Studio, *, patience: int = 60_000, **fields: str) -> list[str]:
    """What is proposed; names and values are counted first, which may take a moment."""
    data, until = {"mark": _mark(shop), **fields}, environment.now() + patience
    while True:
        found = shop.client.post("/studio/builder/complete", data=data).json()["found"]
        if found or environment.now() >= until:
            return [one["text"] for one in found]


def test_names_and_values_come_from_the_data(shop: Studio) -> None:
    """In the text, and in the fields of the blocks."""
    assert proposed(shop, text="did bu")[0] == "buy"
    assert "looked" in proposed(shop, text="did ")
    assert proposed(shop, text="did buy where pr")[0] == "price"
    assert '"/shoes"' in proposed(shop, text="did looked where page = ")
    assert "email" in proposed(shop, text="trait ")
    assert "habit.high" in proposed(shop, text="in habit.h")
    assert "within" in proposed(shop, text="did buy wi")
    assert proposed(shop, text="buy did did ", patience=0) == []

    fields = {
        "b.is": "did",
        "b.what.is": "event",
        "b.what.names.0": "looked",
        "b.what.where.is": "where",
        "b.what.where.filter.path": "page",
    }
    assert proposed(shop, **fields, field="b.what.where.filter.path") == ["page"]
    assert "/shoes" in proposed(
        shop, **fields, field="b.what.where.filter.test.value", patience=30_000
    )
    assert proposed(shop, **fields, field="b.what.names.0", begun="bu")[0] == "buy"


# --------------------------------------------------------------------------- before it is saved


def test_a_backtest_comes_before_saving(shop: Studio) -> None:
    """Who would have come, what a campaign would send, other thresholds, and what lint would say;
    of what is not saved."""
    asked = {"title": "Twins", "when": "did buy where price > 4", "look": "backtest"}
    deadline = environment.now() + 200_000
    page = shop.page("/builder", **asked)
    while "data-working" in page and environment.now() < deadline:
        page = shop.page("/builder", **asked)

    assert "would have sent" in page
    assert "If its numbers were others" in page
    assert "What saving it would add to the mistakes" in page
    assert shop.client.get("/studio/segments/twins").status_code == 404
