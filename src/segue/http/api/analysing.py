"""How a route analyses: at the server's desk, where one analysis at a time is worked on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from segue.http.context import Here
from segue.http.desk import Analyse


async def _desk(here: Here) -> Analyse:
    return here.desk


Analysing = Annotated[Analyse, Depends(_desk)]
"""A parameter of an async route that analyses: `found = await analyse(lambda: …)`. It waits for its
turn, and answers 429 with `Retry-After` where that does not come in time."""
