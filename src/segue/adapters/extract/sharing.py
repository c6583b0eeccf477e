"""What several expressions of a statement have in common, computed in a subquery of its own.

Reading a value looks at its kind, its text and its number again and again, and every mention is
bound and planned on its own. Of few rows that takes longest; so what can be named once is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_NAME: Final = r"(?:properties|shared_\d+)"
_SHARED: Final = re.compile(
    rf"variant_extract\({_NAME}, \$p\d+\)"
    rf"|variant_typeof\({_NAME}\)"
    rf"|try_cast\({_NAME} AS [A-Z]+\)"
    rf"|regexp_full_match\({_NAME}, '[^']*'\)"
    rf"|{_NAME}::VARCHAR"
    rf"|{_NAME}::HUGEINT \* 1000000"
    rf"|isfinite\({_NAME}\)"
)
"""Expressions over one column that have no effect and never fail, whatever the row. No text of a
user is ever part of a statement, so what looks like one is one."""
_USED: Final = re.compile(r"shared_\d+")


def shared(query: str, source: str) -> str:
    """The query with what its expressions share computed in its source."""
    sharing = _Sharing()
    text, changed = sharing.named(query)
    while changed:
        text, changed = sharing.named(text)
    for level in sharing.levels():
        source_then = f"(SELECT *, {level} FROM {source})"
        text, source = text.replace(source, source_then, 1), source_then
    return text


@dataclass(slots=True)
class _Sharing:
    """Names of expressions, and how deep each rests on others."""

    names: dict[str, str] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)

    def named(self, text: str) -> tuple[str, int]:
        """The text with expressions replaced by names, and how many were."""
        return _SHARED.subn(lambda match: self._name(match[0]), text)

    def _name(self, expression: str) -> str:
        name = self.names.setdefault(expression, f"shared_{len(self.names)}")
        below = [self.depth[used] for used in _USED.findall(expression)]
        self.depth[name] = 1 + max(below, default=-1)
        return name

    def levels(self) -> list[str]:
        """The columns by depth: those of each level rest on the levels before it."""
        deepest = max(self.depth.values(), default=-1)
        return [
            ", ".join(
                f"{text} AS {name}" for text, name in self.names.items() if self.depth[name] == d
            )
            for d in range(deepest + 1)
        ]
