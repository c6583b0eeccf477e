"""What a server keeps for its next start is a cache, and holds nobody who was erased."""

from pathlib import Path

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.kept_index import keep_index, kept_index
from segue.bootstrap.workspace import Workspace
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.live import Live
from tests.fuzz.stores import table

NOW = 1_700_000_000_000
DEFINITIONS = resolve(project_from("project: acme\nsegments:\n  buyers: {when: did buy}\n"))


def event(who: str) -> dict:
    more = {"sequence": None, "properties": {}, "occurred_at": NOW}
    return {"distinct_id": who, "event": "buy", "event_id": who, **more}


def test_an_index_of_other_events_is_not_used_and_not_left_lying(tmp_path: Path) -> None:
    """The process died after an erasure, before the cache was removed."""
    workspace = Workspace(tmp_path)
    store = DuckDBStore.open(workspace.store)
    try:
        store.append(table([event("a"), event("b")]), received_at=NOW)
        index = Live.begin(store, DEFINITIONS, NOW).index
        keep_index(workspace, store, DEFINITIONS, index)
        assert kept_index(workspace, store, DEFINITIONS) is not None

        store.erase("a")
        assert kept_index(workspace, store, DEFINITIONS) is None
        assert not workspace.index.exists()
    finally:
        store.close()
