"""The pages of the documentation and the fenced blocks in them."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<kind>[\w-]*)(?P<rest>[^\n]*)\n"
    r"(?P<body>.*?)^(?P=indent)(?P=fence)[ ]*$",
    re.DOTALL | re.MULTILINE,
)
_CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind (`python`, `console`, …), what follows the kind, body and line."""

    kind: str
    title: str
    body: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page of the documentation."""

    path: Path

    @property
    def name(self) -> str:
        """The page as the repository names it."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """The page as written."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The fenced blocks in order, without the indentation that an admonition needs."""
        return tuple(
            Block(
                kind=match["kind"],
                title=title[1] if (title := re.search(r'title="([^"]+)"', match["rest"])) else "",
                body=re.sub(rf"^{match['indent']}", "", match["body"], flags=re.MULTILINE),
                line=self.text.count("\n", 0, match.start()) + 1,
            )
            for match in _FENCE.finditer(self.text)
        )

    @cached_property
    def code_spans(self) -> frozenset[str]:
        """Everything between single backticks outside fenced blocks."""
        return frozenset(_CODE_SPAN.findall(_FENCE.sub("", self.text)))


def page(name: str) -> Page:
    """The page of that name below `docs/`."""
    return Page(DOCS / name)


def pages() -> list[Page]:
    """README and every page below `docs/`, the recorded proofs apart."""
    written = sorted(path for path in DOCS.rglob("*.md") if "proofs" not in path.parts)
    return [Page(ROOT / name) for name in ("README.md", "CONTRIBUTING.md")] + [*map(Page, written)]
