"""Some people who stand for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.services.words import number, people

SAMPLE: Final = 200_000
"""People that are drawn at most, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """So many people, `taken` out of `of` by chance; everybody where both are the same."""

    taken: int
    of: int

    @property
    def is_everybody(self) -> bool:
        """Whether nobody was left out."""
        return self.taken == self.of

    def words(self, what: str) -> str:
        """That something is told of these people."""
        return (
            f"{what} told of {number(self.taken)} of {people(self.of)}, drawn by a hash of their "
            "ids; ranks are those among them."
        )


def sampled_document(sample: Sample | None) -> dict[str, dict[str, int]]:
    """The sample as a plain value, under the name that it has in documents; nothing for None."""
    return {} if sample is None else {"sample": {"people": sample.taken, "of": sample.of}}
