"""Which other distinct id a linking event names."""

from __future__ import annotations

from typing import Final

from segue.adapters.extract.traits import ANONYMOUS_ID
from segue.adapters.extract.values import text_of
from segue.domain.identity import LinkKind

OTHER_ID: Final = f"""
    CASE WHEN kind = '{LinkKind.IDENTIFY}'
        THEN {text_of(f"variant_extract(properties, '{ANONYMOUS_ID}')")}
        ELSE {text_of("variant_extract(properties, 'alias')")} END
"""
"""The other id, as text or NULL, of an event with the columns `kind` (its name) and `properties`
(VARIANT)."""
