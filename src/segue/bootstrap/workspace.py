"""A workspace: a folder with `segue.yaml`, the definitions, and `segue.duckdb`, the events."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.domain.errors import InputError, NotFoundError, UsageError

DEFINITIONS: Final = "segue.yaml"
STORE: Final = "segue.duckdb"
INDEX: Final = "segue.index"
IMPORTS: Final = "segue.imports"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The places of a workspace in its folder."""

    folder: Path

    @property
    def definitions(self) -> Path:
        """The project file."""
        return self.folder / DEFINITIONS

    @property
    def store(self) -> Path:
        """The file of events."""
        return self.folder / STORE

    @property
    def index(self) -> Path:
        """The folder of what a server keeps for its next start: a cache."""
        return self.folder / INDEX

    @property
    def imports(self) -> Path:
        """The folder of files that came by the studio and are being imported."""
        return self.folder / IMPORTS

    @property
    def exists(self) -> bool:
        """Whether the folder is a workspace: it has a project file."""
        return self.definitions.is_file()

    def found(self) -> Workspace:
        """The workspace, given that there is one; else `NotFoundError`."""
        if self.exists:
            return self
        name = "this folder" if self.folder == Path() else str(self.folder)
        raise NotFoundError(
            f"There is no workspace in {name}: no {DEFINITIONS}",
            hint="segue demo makes one to look at, segue init --from FILE one from your events",
        )

    def create(self, definitions: str) -> Workspace:
        """Make the folder and write the project file into it.

        Raises `UsageError` where there is a project file already, `InputError` where the folder
        cannot be written.
        """
        if self.exists:
            raise UsageError(
                f"{self.definitions} is there already", hint="choose another folder, or edit it"
            )
        self.write_definitions(definitions)
        return self

    def forget_index(self) -> None:
        """Remove the cache of an earlier server: it may hold what was erased since. Raises
        `InputError` where that is not possible."""
        try:
            shutil.rmtree(self.index)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(
                f"Cannot remove {self.index}: {error.strerror or error}",
                hint="remove it by hand: it may hold what was erased",
            ) from error

    def write_definitions(self, text: str) -> None:
        """Write the project file. Raises `InputError` where that is not possible."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.definitions.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"Cannot write {self.definitions}: {error.strerror or error}",
                hint="choose a folder that may be written",
            ) from error
