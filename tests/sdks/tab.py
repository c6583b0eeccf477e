"""A tab of a real Chromium that remembers everything that went wrong in it."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Trackers throw away what an automated browser does: this one looks like anybody's.
    "--disable-blink-features=AutomationControlled",
)
"""Options of Chromium for a machine without a network: it asks nobody for anything."""


@dataclass
class Tab:
    """A page in its own profile. `wrongs` are errors and warnings of the console, exceptions,
    requests that failed and answers from 400 on."""

    context: BrowserContext
    page: Page = field(init=False)
    wrongs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrongs.append(f"exception: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def open(self, address: str) -> None:
        """Go to a page; the one before it is left as if a link had been followed."""
        self.page.goto(address)

    def run(self, script: str) -> None:
        """Run statements in the page."""
        self.page.evaluate(f"() => {{ {script} }}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrongs.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        self.wrongs.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.wrongs.append(f"{response.status}: {response.request.method} {response.url}")
