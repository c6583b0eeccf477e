"""How the tests find a Java for Spark, and what is said where there is none."""

from pathlib import Path

import pytest

from tools import java


def _java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return home


@pytest.fixture
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Java."""
    for name in ("SEGUE_JAVA", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(java, "PLACES", tmp_path / "jvm")


@pytest.mark.usefixtures("_nowhere")
@pytest.mark.parametrize("home", ["/no/such/java", None])
def test_a_java_home_that_is_none_is_passed_over(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may point to what was uninstalled, or to a version that is too old."""
    old = _java(tmp_path / "old", "11.0.2")
    young = _java(tmp_path / "jvm" / "java-17-openjdk", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", home or str(old))

    assert java.java_home() == young


@pytest.mark.usefixtures("_nowhere")
def test_java_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = _java(tmp_path / "mine", "21.0.1")
    monkeypatch.setenv("SEGUE_JAVA", str(named))

    assert java.java_home() == named


@pytest.mark.usefixtures("_nowhere")
def test_where_there_is_none_it_says_what_to_install() -> None:
    """A machine without it and without apt-get: the build ends with what is missing."""
    with pytest.raises(SystemExit) as ended:
        java.main()
    assert "apt-get install openjdk-17-jre-headless" in str(ended.value)
    assert "SEGUE_JAVA" in str(ended.value)
