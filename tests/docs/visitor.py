"""A reader who tries a page that needs a server: `segue serve`, then one request after another."""

import json
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.docs.pages import Block
from tests.docs.terminal import commands, missing_lines
from tests.docs.test_examples import Reader

ADDRESS, LISTENER = "http://127.0.0.1:8080", "http://127.0.0.1:9000"
"""What pages call the server, and whoever webhooks are sent to."""
ANYTHING = "…"
PATIENCE = 120.0
"""Seconds after which what should be shown does not come."""

SOON = 60.0
"""Seconds within which everything that is written down beside the requests can be read."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?")
_STATUS = re.compile(r"#\s*(\d{3})\s*$")
_NAMED = {"/api/webhooks": "WEBHOOK_ID", "/api/keys": "KEY_ID"}


@dataclass(frozen=True)
class Request:
    """What a line of curl asks for, and the status that a comment behind it names (None: fine)."""

    method: str
    url: httpx.URL
    headers: dict[str, str]
    body: bytes | None
    key: str | None
    is_stream: bool
    status: int | None

    @classmethod
    def of(cls, line: str, folder: Path) -> Self:
        """Read it: the options that pages use, and no others."""
        program, *words = shlex.split(line, comments=True)
        assert program == "curl", line
        method, headers, body, key, is_stream, urls = "", {}, None, None, False, []
        rest = iter(words)
        for word in rest:
            match word:
                case "-N":
                    is_stream = True
                case "-X":
                    method = next(rest)
                case "-H":
                    name, _, value = next(rest).partition(": ")
                    headers[name] = value
                case "-u":
                    key = next(rest)
                case "-d":
                    body = next(rest).encode()
                    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
                case "--json":
                    body = next(rest).encode()
                    headers |= {"Content-Type": "application/json", "Accept": "application/json"}
                case "--data-binary":
                    body = (folder / next(rest).removeprefix("@")).read_bytes()
                case _:
                    assert not word.startswith("-"), f"{word!r} is an option of no page"
                    urls.append(word)
        (url,) = urls
        method = method or ("GET" if body is None else "POST")
        status = _STATUS.search(line)
        expected = int(status[1]) if status else None
        return cls(method, httpx.URL(url), headers, body, key, is_stream, expected)


class Visitor(Reader):
    """Tries everything on a page; `asked` are the requests that it made.

    `segue serve` in a console block starts a server, whose greeting is compared with what is shown.
    Lines of curl in `sh` blocks are sent; the block after them shows the last answer: `json`, with
    any instants and with `…` for what differs, or lines of `csv` or `text`.
    """

    def __init__(self, folder: Path, listener: str) -> None:
        super().__init__(folder)
        self.asked: list[Request] = []
        self._words = {LISTENER: listener}
        self._server: subprocess.Popen[str] | None = None
        self._answer: httpx.Response | Request | None = None
        self._client = httpx.Client(timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        if self._server is not None:
            self._server.terminate()
            self._server.communicate(timeout=PATIENCE)

    def try_block(self, block: Block) -> None:
        """Do what the block shows; raises where it does not hold."""
        own = {"sh": self._ask, "json": self._compare, "csv": self._find, "text": self._find}
        if block.kind == "console" and block.body.startswith("$ segue serve"):
            self._serve(block)
        elif block.kind in own and not block.title:
            own[block.kind](block)
        else:
            super().try_block(block)

    def _serve(self, block: Block) -> None:
        (command,) = commands(block.body)
        arguments = shlex.split(command.text)[1:]
        self._server = subprocess.Popen(
            [sys.executable, "-u", "-m", "segue", *arguments, "--port", "0"],
            cwd=self.terminal.here,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert self._server.stdout is not None
        said = ""
        while "ends it in order" not in said:
            line = self._server.stdout.readline()
            assert line, said
            said += line
        self._know(ADDRESS, r"serves at (\S+)", said)
        self._know("WRITE_KEY", r"write key +(\S+)", said)
        self._know("SECRET_KEY", r"secret key +(\S+)", said)
        missing = missing_lines(command.shown, self._as_shown(said))
        assert not missing, f"printed\n{said}\nand not\n{missing}"

    def _know(self, word: str, pattern: str, said: str) -> None:
        found = re.search(pattern, said)
        assert found, said
        self._words[word] = found[1]

    def _ask(self, block: Block) -> None:
        self._answer = None
        for line in _lines(block.body):
            if line.startswith("curl "):
                self._answer = self._sent(Request.of(self._as_sent(line), self.terminal.here))
            else:
                super().sh(Block("sh", "", line, block.line))

    def _sent(self, request: Request) -> httpx.Response | Request:
        self.asked.append(request)
        if request.is_stream:
            return request
        answer = self._client.request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            auth=None if request.key is None else tuple(request.key.split(":", 1)),
        )
        fine = answer.is_success if request.status is None else answer.status_code == request.status
        assert fine, f"{request.method} {request.url}: {answer.status_code} {answer.text}"
        self._learn(request, answer)
        return answer

    def _learn(self, request: Request, answer: httpx.Response) -> None:
        """What later requests of the page name: the ids of what was made, and cursors."""
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        made = answer.json() if is_json and answer.content else {}
        if isinstance(made, dict):
            if request.method == "POST" and request.url.path in _NAMED:
                self._words[_NAMED[request.url.path]] = made["id"]
            for delivery in made.get("deliveries", [])[:1] if request.method == "GET" else ():
                self._words["DELIVERY_ID"] = delivery["delivery_id"]
            if isinstance(made.get("cursor"), str):
                self._words["CURSOR"] = made["cursor"]

    def _compare(self, block: Block) -> None:
        shown = json.loads(block.body)
        if self._answer is None:
            return
        assert isinstance(self._answer, httpx.Response)
        until = time.monotonic() + SOON
        while True:
            real = json.loads(self._as_shown(self._answer.text))
            wrong = list(differences(shown, real))
            if not wrong:
                return
            late = self._answer.request.method != "GET" or time.monotonic() > until
            assert not late, f"{wrong}\n{json.dumps(real, indent=2, ensure_ascii=False)}"
            time.sleep(0.1)
            self._answer = self._client.send(self._answer.request)

    def _find(self, block: Block) -> None:
        """Look for the lines in the last answer; where there was none, nothing is to be seen."""
        if self._answer is None:
            return
        shown = tuple(block.body.splitlines())
        seen, until = "", time.monotonic() + PATIENCE
        with self._text() as pieces:
            for piece in pieces:
                seen += piece
                if not missing_lines(shown, self._as_shown(seen)):
                    return
                if time.monotonic() > until:
                    break
        raise AssertionError(f"answered\n{seen}\nand not\n{missing_lines(shown, seen)}")

    @contextmanager
    def _text(self) -> Iterator[Iterator[str]]:
        """The last answer, in pieces where it is a stream."""
        if isinstance(self._answer, Request):
            request = self._answer
            with self._client.stream("GET", request.url, headers=request.headers) as answer:
                yield (line + "\n" for line in answer.iter_lines())
        else:
            assert self._answer is not None
            yield iter([self._answer.text])

    def _as_sent(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(word, value)
        return text

    def _as_shown(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(value, word)
        return text


def _lines(body: str) -> Iterator[str]:
    """The commands of a block: a line goes on behind a backslash and within quotes."""
    begun = ""
    for line in body.replace("\\\n", " ").splitlines():
        begun = f"{begun}\n{line}" if begun else line
        try:
            shlex.split(begun, comments=True)
        except ValueError:
            continue
        yield begun
        begun = ""
    assert not begun, f"a quote does not end: {begun}"


def differences(shown: Any, real: Any, place: str = "") -> Iterator[str]:
    """Where an answer is not as shown. Any instant is as good as another; `…` is anything, also
    within a text, as the last item of a list or as a key for all others."""
    if isinstance(shown, dict) and isinstance(real, dict):
        more = {} if ANYTHING in shown else {key for key in real if key not in shown}
        yield from (f"{place}.{key} is not shown" for key in sorted(more))
        for key in shown.keys() - {ANYTHING}:
            if key in real:
                yield from differences(shown[key], real[key], f"{place}.{key}")
            else:
                yield f"{place}.{key} is not there"
    elif isinstance(shown, list) and isinstance(real, list):
        some = shown[:-1] if shown and shown[-1] == ANYTHING else shown
        if len(real) < len(some) or (some is shown and len(real) > len(some)):
            yield f"{place} has {len(real)} items"
        for number, (one, other) in enumerate(zip(some, real, strict=False)):
            yield from differences(one, other, f"{place}[{number}]")
    elif isinstance(shown, str) and isinstance(real, str):
        pattern = ".*".join(map(re.escape, shown.split(ANYTHING)))
        both_instants = _INSTANT.fullmatch(shown) and _INSTANT.fullmatch(real)
        if not both_instants and not re.fullmatch(pattern, real, re.DOTALL):
            yield f"{place} is {real!r}"
    elif shown != real and shown != ANYTHING:
        yield f"{place} is {real!r}"


class _Polite(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@contextmanager
def listening() -> Iterator[str]:
    """The address of somebody who takes every webhook."""
    with HTTPServer(("127.0.0.1", 0), _Polite) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
