"""The base of everything that a project file is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A mapping of the file: known keys only, and never changed once it is read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, value: Any) -> Any:
        """A key with nothing after it (`goals:`) is as if it were not there."""
        if not isinstance(value, Mapping):
            return value
        return {key: item for key, item in value.items() if item is not None}
