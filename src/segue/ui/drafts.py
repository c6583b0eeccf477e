"""What somebody wrote in a form and did not save, kept for a while under an address."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

KEPT: Final = 200
"""How many drafts are kept; the one that was written longest ago goes first."""


@dataclass
class Drafts:
    """The drafts of this process, by a mark of what they say."""

    _kept: OrderedDict[str, Mapping[str, str]] = field(default_factory=OrderedDict)

    def keep(self, fields: Mapping[str, str]) -> str:
        """Keep the fields of a form: the mark they are found by."""
        text = json.dumps(fields, sort_keys=True)
        mark = hashlib.sha256(text.encode()).hexdigest()[:20]
        self._kept[mark] = dict(fields)
        self._kept.move_to_end(mark)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return mark

    def get(self, mark: str) -> Mapping[str, str] | None:
        """The fields, where they are still kept."""
        return self._kept.get(mark)
