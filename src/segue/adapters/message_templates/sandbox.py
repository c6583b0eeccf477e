"""The environment in which templates run: Jinja2's sandbox, with everything taken out that is not
needed to write a message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from segue.adapters.message_templates.filters import FILTERS, OWN_FILTERS, TESTS
from segue.adapters.message_templates.values import Missing, RefusalError, Scope, wrapped, written

LOOP_ATTRIBUTES: Final = ("index", "index0", "first", "last", "length")
"""What a template may ask of a loop."""
_RECKONED: Final = frozenset({"+", "-", "*", "/"})


class Sandbox(ImmutableSandboxedEnvironment):
    """Mappings give their keys, lists their items, and nothing else gives anything: there is no
    attribute of Python to begin an escape from."""

    intercepted_binops = _RECKONED

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=Missing,
            finalize=written,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            optimized=False,
            cache_size=0,
        )
        self.filters = {**FILTERS, **OWN_FILTERS}
        self.tests = dict(TESTS)
        self.globals = {}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`."""
        return self._found(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`."""
        return self._found(obj, argument)

    def _found(self, obj: Any, key: Any) -> Any:
        if isinstance(obj, Missing):
            return Missing(name=f"{obj.path}.{key}")
        if isinstance(obj, Scope):
            return obj.get(key)
        if isinstance(obj, tuple | str) and isinstance(key, slice):
            return obj[key]
        if isinstance(obj, tuple | str) and isinstance(key, int):
            return obj[key] if -len(obj) <= key < len(obj) else Missing(name=f"item {key}")
        if isinstance(obj, LoopContext) and key in LOOP_ATTRIBUTES:
            return getattr(obj, key)
        raise SecurityError(f"`{str(key)[:40]}` cannot be asked of a value")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Reckoning is for numbers: texts are put together with `~`, and repeated by nobody."""
        for one in (left, right):
            if isinstance(one, Missing):
                raise RefusalError(f"`{one.path}` is missing")
            if isinstance(one, bool) or not isinstance(one, int | float):
                raise RefusalError(f"`{operator}` is for numbers; texts are put together with `~`")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        """Only the function for links can be called."""
        return isinstance(obj, Link)


class Link:
    """The function `link` of templates."""

    def __init__(self, follow: Callable[[str], str], problem: Callable[[str], str]) -> None:
        self._follow, self._problem = follow, problem

    def __call__(self, url: Any) -> str:
        """The link to put in place of an address."""
        text = str(written(wrapped(url, "link")))
        if problem := self._problem(text):
            raise RefusalError(problem)
        return self._follow(text)

    def __str__(self) -> str:
        raise RefusalError("`link` needs an address: `link('https://…')`")
