"""A web site of another origin than the server's: pages whose scripts are bundled from packages."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from tests.sdks.javascript import bundle
from tests.sdks.loopback import Handler, Loopback

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<h1>{title}</h1>
{script}
</html>
"""


class Site:
    """Pages in a folder, served on a free port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = Loopback(partial(_Files, directory=str(folder)))

    @contextmanager
    def running(self) -> Iterator["Site"]:
        """Open until the block ends."""
        with self._server.running():
            yield self

    @property
    def origin(self) -> str:
        """Another name and another port than the server's: another origin, and another site."""
        return f"http://localhost:{self._server.server_port}"

    def page(self, name: str, script: str = "") -> str:
        """The address of a page that runs a module, given as its text."""
        tag = ""
        if script:
            bundle(script, self._folder / f"{name}.js")
            tag = f'<script src="{name}.js"></script>'
        page = _PAGE.format(title=name.title(), script=tag)
        (self._folder / f"{name}.html").write_text(page, encoding="utf-8")
        return f"{self.origin}/{name}.html"


class _Files(Handler, SimpleHTTPRequestHandler):
    """The files of a folder, as they are now."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()
