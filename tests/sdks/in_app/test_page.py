"""docs/in-app.md: every example on it does what it says, in a real browser."""

from __future__ import annotations

import re

from tests.docs.pages import page
from tests.http.running import WRITE_KEY
from tests.sdks.in_app.visitor import Visitor

PAGE = page("in-app.md")
TWO_LINES, MARKED = (block.body for block in PAGE.blocks if block.kind == "html")
(LISTENING,) = (block.body for block in PAGE.blocks if block.kind == "js")


def test_the_two_lines(visitor: Visitor) -> None:
    """The first lets the page speak at once; the second is what the pages of these tests have."""
    stub, tag = re.findall(r"<script(.*?)</script>", TWO_LINES)
    visitor.context.add_init_script(stub.removeprefix(">") + "; segue('track', 'early')")
    shown = {"https://segue.example.com": visitor.server.address, "WRITE_KEY": WRITE_KEY}
    for word, real in shown.items():
        tag = tag.replace(word, real)

    visitor.open()

    assert tag.strip(" >").removeprefix("async ") in visitor.site.page("/")
    visitor.told("early", more=("early",))


def test_what_is_marked(visitor: Visitor) -> None:
    """By attributes: one is told under its name, the other not at all."""
    visitor.site.more = MARKED
    visitor.open()

    visitor.page.get_by_text("12,000", exact=True).click()
    visitor.page.locator("[data-segue-format=pdf]").last.click()

    (told,) = visitor.told("export_started", more=("export_started", "$click"))
    assert told["format"] == "pdf"


def test_a_slot_as_an_event(visitor: Visitor) -> None:
    """What the page takes counts as shown."""
    visitor.context.add_init_script(LISTENING)
    visitor.server.offer("prices", visitor.id)

    visitor.open()

    visitor.told("$message_shown")
