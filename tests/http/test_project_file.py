"""The project file while a server runs: whoever writes it, only whole texts come into force."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from segue.bootstrap.watching import ProjectWatch
from segue.language.models import Project
from segue.language.text import to_text
from tests.http.running import DEFINITIONS, running

CHANGED = DEFINITIONS.replace("within 7 days", "within 8 days")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "segue.yaml"
    file.write_text(DEFINITIONS)
    return file


class Adopted(list[str]):
    """The texts that came into force."""

    def __call__(self, _: Project, text: str) -> None:
        self.append(text)


def test_a_file_that_is_being_written_is_left_until_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most editors empty it first; a part of it may mean something, too."""
    watch, adopted = ProjectWatch.begin(file), Adopted()
    parts = ["", CHANGED[:60], CHANGED]
    monkeypatch.setattr("time.sleep", lambda _: file.write_text(parts.pop(0)) if parts else None)

    file.write_text(CHANGED[:30])
    assert [watch.look(adopted) for _ in range(5)] == [False, False, False, True, False]
    assert (adopted, watch.trouble) == ([CHANGED], "")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_takes_nothing_away(file: Path, text: str) -> None:
    """It is told of, and what was in force stays so."""
    watch, adopted = ProjectWatch.begin(file), Adopted()
    file.write_text(text)

    assert watch.look(adopted)
    assert watch.trouble.startswith("segue.yaml is empty")
    assert adopted == []
    assert set(watch.project.segments) == {"buyers", "fresh"}


def test_what_is_saved_meanwhile_is_not_undone_by_what_was_read_before(tmp_path: Path) -> None:
    """Whoever looks waits for whoever saves."""
    with running(tmp_path / "shop") as server:
        serving = server.serving
        looked = threading.Thread(target=serving.look_at_project)

        def change(before: str) -> str:
            serving.workspace.definitions.write_text(before.replace("7 days", "9 days"))
            looked.start()
            looked.join(0.3)
            assert looked.is_alive()
            return CHANGED

        serving.change_definitions(change)
        looked.join(60)
        assert to_text(serving.project.project.segments["fresh"].when) == "did look within 8 days"
        assert serving.workspace.definitions.read_text() == CHANGED
        assert len(serving.store.definition_versions()) == 2


def test_what_is_saved_is_no_trouble_any_more(tmp_path: Path) -> None:
    """At once, and not only when the file is looked at again."""
    with running(tmp_path / "shop") as server:
        serving = server.serving
        serving.workspace.definitions.write_text("segments: [")
        serving.look_at_project()
        assert serving.project.trouble
        serving.change_definitions(lambda _: CHANGED)

        assert serving.project.trouble == ""


def test_who_saves_that_there_is_nothing_means_it(tmp_path: Path) -> None:
    """Over the API, for example; what the server wrote itself is no trouble when it looks again."""
    with running(tmp_path / "shop") as server:
        serving = server.serving
        serving.change_definitions(lambda _: "")
        serving.look_at_project()

        assert serving.project.project.segments == {}
        assert serving.project.trouble == ""
