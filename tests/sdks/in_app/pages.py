"""A web site of another origin, whose pages allow nothing but what they must for the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.sdks.loopback import Handler, Loopback

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/site.css">
<header><a href="/">Acme</a> <nav><a href="/pricing">Pricing</a> <a href="/docs">Docs</a></nav></header>
<main>
<h1>{title}</h1>
<p><label>Search <input id="search" name="search" value="secret"></label></p>
<p><button id="plain">Add   to cart</button>
<button id="named" data-segue-event="export_started" data-segue-format="pdf">Export</button>
<button id="hidden" data-segue-private>Balance: 12,000</button>
<button id="holds">Pay <b data-segue-private>Ada Lovelace</b></button>
<a id="link" href="/next?token=secret">Next steps</a></p>
{more}
</main>
<script src="{script}" data-write-key="{key}"{attributes}></script>
</html>
"""
STYLE = """
body { font: 16px/1.6 Georgia, serif; margin: 0; color: #222; background: #fff }
header { padding: 16px 24px; border-bottom: 1px solid #ddd }
main { max-width: 700px; margin: 0 auto; padding: 24px }
main p { color: red } h2 { color: red; font-size: 60px } button { text-transform: uppercase }
.tall { height: 3000px }
@media (prefers-color-scheme: dark) {
  body { background: #10141b; color: #eee } a { color: #9bf }
}
"""


class StrictSite:
    """Pages on a free port: every path is one. `attributes` and `more` are part of all of them."""

    def __init__(self, server: str, key: str) -> None:
        self.attributes, self.more = "", ""
        self._script, self._key = f"{server}/sdk.js", key
        policy = [
            "default-src 'none'",
            f"script-src {server}",
            f"connect-src {server}",
            "style-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ]
        self._policy = "; ".join(policy)
        site = self

        class Page(Handler):
            def do_GET(self) -> None:  # noqa: N802 - the base class calls it so
                style = self.path == "/site.css"
                body = (STYLE if style else site.page(self.path)).encode()
                self.send_response(200)
                self.send_header("content-type", f"text/{'css' if style else 'html'}")
                self.send_header("content-length", str(len(body)))
                self.send_header("content-security-policy", site._policy)
                self.end_headers()
                self.wfile.write(body)

        self._server = Loopback(Page)

    @property
    def origin(self) -> str:
        """Another name and another port than the server's."""
        return f"http://localhost:{self._server.server_port}"

    def page(self, path: str) -> str:
        """The text of a page."""
        title = path.split("?", maxsplit=1)[0].strip("/").title() or "Home"
        return _PAGE.format(
            title=title,
            script=self._script,
            key=self._key,
            attributes=self.attributes,
            more=self.more,
        )

    @contextmanager
    def running(self) -> Iterator[StrictSite]:
        """Open until the block ends."""
        with self._server.running():
            yield self
