"""The engine: definitions over a store of events, in a workspace or in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.message_templates import MessageTemplates
from segue.adapters.parquet_log import ParquetLog
from segue.adapters.remote_store import RemoteStore
from segue.adapters.sources import Layout
from segue.adapters.warehouse import SCHEMA, Written, latest_transition, write_tables
from segue.bootstrap import environment
from segue.bootstrap.definitions import Given, ProjectFile
from segue.bootstrap.insight import Insight
from segue.bootstrap.instants import At, instant_of, known_zone
from segue.bootstrap.loading import Imported, OnRows, import_files, import_query, record_arrow
from segue.bootstrap.opening import OpenStore, being_served, opened_store
from segue.bootstrap.restoring import replace_file, restore_store
from segue.bootstrap.results import write_table, writer_for
from segue.bootstrap.saving import write_definitions
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Acting
from segue.domain.errors import InputError, StoreLockedError, UsageError
from segue.domain.identity import Refusal
from segue.domain.ports import Appended, DefinitionVersion, Erased, EventSummary, Extent
from segue.language.acting import acting
from segue.language.tree import Definitions
from segue.services.acting.hindsight import rehearsed
from segue.services.acting.previewing import Preview, Previewer, known_campaign
from segue.services.acting.results import Results, results
from segue.services.acting.simulate import Simulation
from segue.services.acting.voices import SurveyVoices, codebook, voices
from segue.services.check import Checked, check_definitions
from segue.services.draft import Draft, draft
from segue.services.events import EVENTS, every_event
from segue.services.explain import Explained, explain_membership, known_person
from segue.services.first_look import FirstLook, first_look
from segue.services.insight.as_segment import Proposal, added
from segue.services.live.exporting import export_transitions
from segue.services.segment_table import segments_table
from segue.services.standing import Standing, stand
from segue.services.view import View, known_segment, look
from segue.timeline.evaluate import requests_of


class Engine:
    """A project's segments over a store of events.

    `Engine.open` opens a workspace, `Engine.create` makes one, `Engine.in_memory` needs no files.
    Use it as a context manager, or call `close`.
    """

    def __init__(
        self,
        store: OpenStore,
        source: ProjectFile,
        *,
        name: str,
        is_own: bool = False,
        place: Workspace | None = None,
    ) -> None:
        self._store = store
        self._source = source
        self._name = name
        self._is_own = is_own
        self._place = place
        self._in_place: ParquetLog | None = None

    # ------------------------------------------------------------------------ opening and closing

    @classmethod
    def open(cls, workspace: str | Path = ".", *, definitions: Given | None = None) -> Self:
        """Open the workspace in a folder; with other definitions than its own where given.

        While `segue serve` works on it, everything goes through that server. Raises
        `NotFoundError` where there is none, and the store's errors where its file is held by
        another process, damaged or too new.
        """
        place = Workspace(Path(workspace)).found()
        source = ProjectFile(place.definitions if definitions is None else definitions)
        store = opened_store(place, timezone=source.timezone)
        name = place.folder.resolve().name
        return cls(store, source, name=name, is_own=definitions is None, place=place)

    @classmethod
    def create(cls, workspace: str | Path, definitions: str) -> Self:
        """Make a workspace with this text as its `segue.yaml`, and open it.

        Raises `UsageError` where there is one already.
        """
        Workspace(Path(workspace)).create(definitions)
        return cls.open(workspace)

    @classmethod
    def in_memory(cls, definitions: Given) -> Self:
        """An engine without a workspace: its events are gone when it is closed."""
        source = ProjectFile(definitions)
        zone = source.project.timezone
        name = "events" if isinstance(definitions, Mapping) else Path(definitions).stem
        return cls(DuckDBStore.open(None, timezone=zone), source, name=name)

    def close(self) -> None:
        """Release the store."""
        self._store.close()
        if self._in_place is not None:
            self._in_place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --------------------------------------------------------------------------------- what it has

    @property
    def name(self) -> str:
        """The project's name, else that of its folder or file."""
        return self._source.project.project or self._name

    @property
    def definitions(self) -> Definitions:
        """The segments, ready to evaluate. Raises `DefinitionError` with every problem."""
        return self._source.definitions

    def extent(self) -> Extent:
        """How many events and people, and from when to when."""
        return self._store.extent()

    def summaries(self) -> list[EventSummary]:
        """What the log knows of each event name, most frequent first."""
        return self._store.summaries()

    def refused_links(self) -> tuple[Refusal, ...]:
        """The links between distinct ids that were not made, and why, in event order."""
        return self._store.refused_links()

    def person_of(self, distinct_id: str) -> str:
        """The id of the person who has the distinct id. Raises `NotFoundError` where nobody has."""
        return known_person(self._store, distinct_id)

    def definition_versions(self) -> list[DefinitionVersion]:
        """Every version of the workspace's own definitions that was evaluated, oldest first."""
        return self._store.definition_versions()

    def check(self) -> Checked:
        """Every problem of the definitions, and what the events make doubtful about them."""
        return check_definitions(lambda: self._source.project, self._store, MessageTemplates())

    # ---------------------------------------------------------------------------------- events in

    def import_files(
        self,
        files: Sequence[str | Path],
        *,
        columns: Mapping[str, str] | None = None,
        time_zone: str | None = None,
        time_format: str | None = None,
        event_name: str | None = None,
        on_rows: OnRows | None = None,
        keep_rejects: bool = True,
    ) -> list[Imported]:
        """Read files or globs of CSV, JSON Lines or Parquet. What cannot be read is rejected, row
        by row, into `FILE.rejects.jsonl` beside each (not where `keep_rejects` is false).

        `columns` maps Segue's column names to the file's; `time_zone` is that of times without one
        (by default the project's), `time_format` a `strptime` format for times of another form, and
        `event_name` the event that every row is, where no column says it.
        Raises `InputError` where a file cannot be read at all or a needed column is missing.
        """
        zone = known_zone(time_zone or self._zone())
        layout = Layout(columns or {}, zone, time_format, event_name)
        return import_files(self._store, files, layout, on_rows=on_rows, keep_rejects=keep_rejects)

    def import_query(
        self,
        address: str,
        query: str,
        *,
        columns: Mapping[str, str] | None = None,
        time_zone: str | None = None,
        event_name: str | None = None,
        on_rows: OnRows | None = None,
    ) -> Imported:
        """Read what a query of a database gives, by its address (`postgresql://segue@host/name`);
        the rest is as with `import_files`, rejected rows go into `query.rejects.jsonl`.

        Raises `UsageError` where the driver is missing, `InputError` where the database cannot be
        asked or a needed column is missing.
        """
        zone = known_zone(time_zone or self._zone())
        layout = Layout(columns or {}, zone, None, event_name)
        return import_query(self._store, address, query, layout, on_rows=on_rows)

    def read_in_place(
        self,
        files: Sequence[str | Path],
        *,
        columns: Mapping[str, str] | None = None,
        time_zone: str | None = None,
    ) -> bool:
        """Use Parquet files where they are, instead of importing them; whether that can be.

        It can where the project's segments look at nothing but who did what when, and every row is
        an event as it stands. Then `view`, `evaluate` and `history` are about these files.
        """
        if not ParquetLog.answers(requests_of(self.definitions)):
            return False
        layout = Layout(columns or {}, known_zone(time_zone or self._zone()))
        self._in_place = ParquetLog.open(files, layout)
        return self._in_place is not None

    def record(self, events: object, *, columns: Mapping[str, str] | None = None) -> Appended:
        """Store events from anything that speaks the Arrow C-stream interface.

        Raises `InputError` where rows cannot be read.
        """
        return record_arrow(self._store, events, Layout(columns or {}, self._zone()))

    # ------------------------------------------------------------------------------------- answers

    def view(self, at: At = None, segment_ids: Sequence[str] | None = None) -> View:
        """Everything that can be said at the instant (None: of the last event) of the segments
        (None: all), read once: members, memberships, summary, who leaves next."""
        definitions = self.definitions
        self._keep_version()
        reader = self._in_place or self._store
        return look(reader, definitions, self._instant(at), segment_ids)

    def evaluate(self, at: At = None, segment_ids: Sequence[str] | None = None) -> pa.Table:
        """Who is in each segment at the instant: `segment_id, person_id, entered_at, leaves_at`."""
        return self.view(at, segment_ids).members()

    def history(self, at: At = None, segment_ids: Sequence[str] | None = None) -> pa.Table:
        """Who ever was in each segment: `segment_id, person_id, entered_at, left_at`."""
        return self.view(at, segment_ids).memberships()

    def explain(self, person_id: str, segment_id: str, at: At = None) -> Explained:
        """Why the person is in the segment at the instant, or not."""
        return explain_membership(
            self._store, self.definitions, segment_id, person_id, self._instant(at)
        )

    @property
    def acting(self) -> Acting:
        """The campaigns, surveys and their rules. Raises `DefinitionError` with every problem."""
        return acting(self._source.project)

    def preview(
        self, campaign_id: str, person_id: str, at: At = None, *, variant: str | None = None
    ) -> Preview:
        """What a campaign would say to the person at the instant."""
        previewer = Previewer(self._store, self.definitions, self.acting, MessageTemplates())
        return previewer.preview(campaign_id, person_id, self._instant(at), variant=variant)

    def simulate(self, campaign_id: str, *, days: int = 30, until: At = None) -> Simulation:
        """What a campaign would have done in so many days before the instant (None: of the last
        event). Raises `NotFoundError` where there is none, `UsageError` for fewer days than one."""
        return rehearsed(
            self._store,
            self.definitions,
            self.acting,
            campaign_id,
            end=self._instant(until),
            days=days,
        )

    def results(self, campaign_id: str) -> Results:
        """What a campaign came to until now. Raises `NotFoundError` where there is none."""
        rules = self.acting
        campaign = known_campaign(rules, campaign_id)
        return results(self._store, campaign, rules.messaging, environment.now())

    def voices(self, survey_id: str, segment_id: str | None = None) -> SurveyVoices:
        """What people answered to a survey, those in a segment against the rest.

        Raises `NotFoundError` where there is no such survey or segment, `UsageError` where it is
        a campaign without questions.
        """
        survey = known_campaign(self.acting, survey_id)
        if survey.survey is None:
            raise UsageError(f"{survey_id!r} asks nothing", hint="surveys have voices")
        if segment_id is not None:
            known_segment(self.definitions, segment_id)
        return voices(self._store, survey, codebook(self._source.project.themes), segment_id)

    def insight(self, at: At = None) -> Insight:
        """Journeys, findings, measures and backtests, as known at the instant (None: of the last
        event)."""
        return Insight(self._store, self._source.project, self.definitions, self._instant(at))

    def add_segments(self, proposals: Sequence[Proposal]) -> str:
        """Put new segments into the project file, which keeps its comments and order, and say
        where; through the server while one works on the workspace.

        Raises `UsageError` where an id is taken or the definitions are no file, `DefinitionError`
        where the result is no project, `NotWritableError` with a diff where the file is read-only.
        """
        path = self._source.path
        if path is None:
            raise UsageError("These definitions are no file", hint="give the path of a segue.yaml")
        before = path.read_bytes().decode("utf-8-sig")
        text = added(before, proposals)
        if self._is_own and isinstance(self._store, RemoteStore):
            for one in proposals:
                self._store.put_segment(one.id, one.entry)
        else:
            write_definitions(path, before, text)
        return str(path)

    def standing(self, until: At = None) -> Standing:
        """The log up to the instant as arrays, to ask again and again who is in."""
        return stand(self._store, self.definitions, self._instant(until))

    def draft(self) -> Draft:
        """A first project for the events there are: actions guessed, templates filled."""
        return draft(self.name, self._source.timezone, self.summaries())

    def first_look(self) -> FirstLook:
        """The drafted project evaluated at the last event: segments, who leaves next, a mistake."""
        return first_look(self._store, self.draft(), self._instant(None))

    def _zone(self) -> str:
        return self._source.project.timezone

    def _instant(self, at: At) -> int:
        return instant_of(at, self.definitions.timezone, self._last)

    def _last(self) -> int:
        last = self._in_place.last_at if self._in_place else self._store.extent().last_at
        if last is None:
            raise InputError(
                "There are no events yet",
                hint="segue import FILE… reads some, segue demo makes some",
            )
        return last

    def _keep_version(self) -> None:
        """Keep the workspace's own definitions, about to be used, as a version."""
        if self._is_own:
            self._store.save_definitions(self._source.text, known_at=environment.now())

    # ------------------------------------------------------------------------------------- keeping

    def export(
        self,
        what: str,
        path: str | Path,
        at: At = None,
        segment_ids: Sequence[str] | None = None,
    ) -> int:
        """Write `members`, `memberships`, `transitions` or `events` to a Parquet, CSV or JSON Lines
        file, and say how many rows. Raises `UsageError` for anything else."""
        target = Path(path)
        writer_for(target)
        if what == "events":
            table = pa.Table.from_batches(every_event(self._store), schema=EVENTS)
            write_table(table, target, documents=("properties",))
            return int(table.num_rows)
        if what == "transitions":
            table = self._transitions()
            write_table(table, target)
            return int(table.num_rows)
        if what not in {"members", "memberships"}:
            raise UsageError(
                f"{what!r} cannot be exported",
                hint="members, memberships, transitions or events can",
            )
        view = self.view(at, segment_ids)
        table = view.members() if what == "members" else view.memberships()
        write_table(table, target)
        return int(table.num_rows)

    def export_to(self, address: str, *, schema: str = SCHEMA, at: At = None) -> list[Written]:
        """Bring the tables `segments`, `memberships` and `transitions` of a database to what is
        known at the instant (None: now), in one transaction; transitions are those that a server
        published. See `adapters.warehouse.writing`.

        Raises `UsageError` where the driver is missing, `InputError` where the database refuses.
        """
        after = latest_transition(address, schema=schema)
        tables = [
            ("segments", segments_table(self.definitions)),
            ("memberships", self.view(at).memberships()),
            ("transitions", self._transitions(after)),
        ]
        return write_tables(address, tables, schema=schema)

    def _transitions(self, after: int = -1) -> pa.Table:
        found = export_transitions(self._store, after=after)
        return pa.Table.from_batches(found.batches, schema=found.schema)

    def backup(self, target: str | Path, *, force: bool = False) -> None:
        """Write a verified copy of the store while it stays open.

        Raises `UsageError` where the file is there already and not `force`.
        """
        path = Path(target)
        replace_file(path, lambda: self._store.backup(path), force=force)

    @classmethod
    def restore(cls, backup: str | Path, workspace: str | Path, *, force: bool = False) -> Extent:
        """Verify a backup and put it in place of the workspace's store.

        Raises `UsageError` where there is a store and not `force`, and the store's errors where the
        backup is damaged or too new; then nothing was touched.
        """
        place = Workspace(Path(workspace))
        try:
            extent = restore_store(Path(backup), place.store, force=force)
        except StoreLockedError as error:
            raise being_served(place, error) from error
        place.forget_index()
        return extent

    def erase(self, person_id: str) -> Erased:
        """Remove a person everywhere, and prove it. Raises `NotFoundError` where there is none."""
        erased = self._store.erase(known_person(self._store, person_id))
        if self._place is not None:
            self._place.forget_index()
        return erased
