"""Segue: behavioural segmentation. A segment is a set of time intervals per person."""

from typing import Final

__version__: Final = "0.1.0"
