"""Screenshots of what a test did, light and dark, narrow and wide: kept for whoever looks at a run."""

import re
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page

FOLDER: Final = Path(__file__).parents[2] / "test-artefacts" / "studio"
"""Where they are kept; git ignores it."""
WIDTHS: Final = {375: 812, 1440: 900}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def keep(page: Page, name: str) -> None:
    """Keep how a page looks, and leave it as it was."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=FOLDER / f"{plain}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)
