"""The pages as built: complete, without a warning, and at home on a machine without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

LOADED = re.compile(r"<(?:script|img|iframe|source)[^>]*\ssrc=[\"']?(\S+?)[\"'\s>]")
LINKED = re.compile(r"<link[^>]*\shref=[\"']?(\S+?)[\"'\s>][^>]*>")
IN_STYLES = re.compile(r"url\(\s*[\"']?(https?:[^)\"']+)|@import\s+[\"']?(https?:\S+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning of the build is a failure."""
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", target],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    """No script, picture, style or font comes from another host."""
    loaded = {
        (page.name, address)
        for page in site.rglob("*.html")
        for pattern in (LOADED, LINKED)
        for address in pattern.findall(page.read_text(encoding="utf-8"))
        if address.startswith(("http:", "https:", "//"))
    }
    styles = {
        (sheet.name, *found)
        for sheet in (*site.rglob("*.css"), *site.rglob("*.svg"))
        for found in IN_STYLES.findall(sheet.read_text(encoding="utf-8"))
    }

    assert not loaded
    assert not styles
