"""How the tests find a PostgreSQL, and what is said where there is none."""

from pathlib import Path

import pytest

from tools import postgres


def _programs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).touch()
    return folder


def test_the_newest_of_debian_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the number, not by the letters of it; what has not all programs is passed over."""
    monkeypatch.delenv("SEGUE_POSTGRES", raising=False)
    monkeypatch.setattr(postgres, "PLACES", tmp_path)
    _programs(tmp_path / "9" / "bin")
    newest = _programs(tmp_path / "15" / "bin")
    (tmp_path / "16" / "bin").mkdir(parents=True)
    (tmp_path / "16" / "bin" / "initdb").touch()

    assert postgres.programs() == newest


def test_the_programs_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = _programs(tmp_path / "mine")
    monkeypatch.setenv("SEGUE_POSTGRES", str(named))

    assert postgres.programs() == named


def test_where_there_are_none_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without them and without apt-get: the build ends with what is missing."""
    monkeypatch.delenv("SEGUE_POSTGRES", raising=False)
    monkeypatch.setattr(postgres, "PLACES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit) as ended:
        postgres.main()
    assert "apt-get install postgresql" in str(ended.value)
    assert "SEGUE_POSTGRES" in str(ended.value)
