"""Where a verb's events and definitions come from: a workspace, or files given on the spot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.text import Text

from segue.bootstrap.cluster import Cluster, cluster
from segue.bootstrap.engine import Engine
from segue.bootstrap.environment import default_workspace
from segue.bootstrap.insight import Insight
from segue.cli.options import columns_of
from segue.cli.output import console, paragraph
from segue.cli.progress import reading, working
from segue.domain.errors import UsageError
from segue.services import words
from segue.services.insight.sample import SAMPLE, Sample


@dataclass(frozen=True, slots=True)
class On:
    """Where it is worked out: here, or on a cluster."""

    engine: str | None = None
    master: str | None = None
    kind: str | None = None
    partitions: int | None = None
    runs: str | None = None
    people: int | None = None

    @property
    def is_spark(self) -> bool:
        """Whether it is a cluster. Raises `UsageError` where the options contradict each other."""
        if self.engine not in {None, "local", "spark"}:
            raise UsageError(f"--engine: there is no {self.engine!r}", hint="local or spark")
        given = {
            "--master": self.master, "--format": self.kind, "--partitions": self.partitions,
            "--runs": self.runs, "--people": self.people,
        }  # fmt: skip
        named = [name for name, value in given.items() if value is not None]
        if self.engine != "spark" and named:
            raise UsageError(f"{named[0]} is about Spark", hint="add --engine spark")
        return self.engine == "spark"


@contextmanager
def asked(
    on: On,
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    *,
    columns: Sequence[str] | None,
    time_zone: str | None,
    quiet: bool,
    about: str | None = None,
) -> Iterator[Engine | Cluster]:
    """As `viewed`, or `opened` where it is `about` one person; on a cluster where that is meant.

    Raises `UsageError` where the options contradict each other.
    """
    if on.is_spark:
        with _on_spark(
            on, workspace, events, definitions, columns=columns, time_zone=time_zone
        ) as found:
            yield found
            if not quiet:
                _say_refused(found)
        return
    source = viewed if about is None else opened
    with source(workspace, events, definitions, columns, time_zone, quiet=quiet) as engine:
        yield engine


def _say_refused(found: Cluster) -> None:
    """Say which rows were no events: there is no file beside them to write them to."""
    refused = found.refused()
    if refused:
        reasons = ", ".join(
            f"{escape(reason)} ({words.number(n)})" for reason, n in refused.items()
        )
        rows = words.counted(sum(refused.values()), "row")
        console(to_stderr=True).print(f"[soon]{rows} left out, being no events:[/] {reasons}")


@contextmanager
def all_of(
    on: On,
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    *,
    columns: Sequence[str] | None,
    time_zone: str | None,
    quiet: bool,
) -> Iterator[Engine | Cluster]:
    """As `opened`, whose files are imported; on a cluster where that is meant.

    Raises `UsageError` where the options contradict each other.
    """
    if on.is_spark:
        with _on_spark(
            on, workspace, events, definitions, columns=columns, time_zone=time_zone
        ) as found:
            yield found
        return
    with opened(workspace, events, definitions, columns, time_zone, quiet=quiet) as engine:
        yield engine


@contextmanager
def some_of(
    on: On,
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    *,
    columns: Sequence[str] | None,
    time_zone: str | None,
    at: str | None,
    quiet: bool,
) -> Iterator[tuple[Engine, Insight, Sample | None]]:
    """As `all_of`, with what can be concluded at the instant; of a cluster an engine with people
    drawn there by chance, and who they are."""
    source = all_of(
        on, workspace, events, definitions, columns=columns, time_zone=time_zone, quiet=quiet
    )
    with source as found, ExitStack() as drawing:
        if not isinstance(found, Cluster):
            yield found, found.insight(at), None
            return
        with working("Drawing people", quiet=quiet):
            now = found.instant(at)
            engine, sample = drawing.enter_context(found.sampled(on.people or SAMPLE))
        yield engine, engine.insight(now), sample


def say_sample(sample: Sample | None, what: str) -> None:
    """Say that something is told of some people only, where it is."""
    if sample is not None and not sample.is_everybody:
        paragraph(console(), Text(sample.words(what), style="faint"))


@contextmanager
def _on_spark(
    on: On,
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    *,
    columns: Sequence[str] | None,
    time_zone: str | None,
) -> Iterator[Cluster]:
    if on.master is None:
        raise UsageError("--engine spark needs --master", hint="for example spark://head:7077")
    if workspace is not None or not events:
        raise UsageError(
            "--engine spark reads --events and no workspace",
            hint="give --events with files, folders or addresses that every worker sees",
        )
    if definitions is None:
        raise UsageError(
            "--events needs --definitions", hint="for example --definitions segue.yaml"
        )
    with cluster(
        on.master,
        events,
        definitions,
        columns=columns_of(columns),
        time_zone=time_zone,
        kind=on.kind,
        partitions=on.partitions,
        runs=on.runs,
    ) as found:
        yield found


@contextmanager
def viewed(
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    columns: Sequence[str] | None,
    time_zone: str | None,
    *,
    quiet: bool,
) -> Iterator[Engine]:
    """As `opened`, for looking at everybody at once: files that need not be imported are not."""
    if events and definitions is not None and workspace is None:
        with Engine.in_memory(definitions) as engine:
            if engine.read_in_place(events, columns=columns_of(columns), time_zone=time_zone):
                yield engine
                return
    with opened(workspace, events, definitions, columns, time_zone, quiet=quiet) as engine:
        yield engine


@contextmanager
def opened(
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    columns: Sequence[str] | None,
    time_zone: str | None,
    *,
    quiet: bool,
) -> Iterator[Engine]:
    """The engine that the shared options describe; closed at the end.

    Raises `UsageError` where the options contradict each other.
    """
    mapping = columns_of(columns)
    if not events:
        if mapping or time_zone:
            raise UsageError(
                "--columns and --time-zone say how to read --events, and there are none",
                hint="a workspace has read its events already",
            )
        with Engine.open(workspace or default_workspace(), definitions=definitions) as engine:
            yield engine
        return
    if workspace is not None:
        raise UsageError("--events and --workspace contradict each other", hint="give one of them")
    if definitions is None:
        raise UsageError(
            "--events needs --definitions", hint="for example --definitions segue.yaml"
        )
    with Engine.in_memory(definitions) as engine:
        with reading(quiet=quiet) as on_rows:
            engine.import_files(events, columns=mapping, time_zone=time_zone, on_rows=on_rows)
        yield engine
