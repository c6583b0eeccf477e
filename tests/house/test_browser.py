"""How the tests find a Chromium, and what is said where there is none."""

from pathlib import Path

import pytest

from tools import browser


def _program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_a_name_that_only_says_how_to_install_it_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stub on the path is no browser: each is asked for its version."""
    _program(tmp_path, "chromium", "echo 'install me' >&2; exit 1")
    real = _program(tmp_path, "google-chrome", "echo 'Google Chrome 150'")
    monkeypatch.delenv("SEGUE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert browser.browser() == real


def test_the_browser_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SEGUE_CHROMIUM` goes before everything on the path."""
    named = _program(tmp_path, "my-browser", "echo 'Mine 1'")
    monkeypatch.setenv("SEGUE_CHROMIUM", str(named))

    assert browser.browser() == named


def test_where_there_is_none_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a browser and without apt-get: the build ends with what is missing."""
    monkeypatch.delenv("SEGUE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit, match="apt-get install chromium"):
        browser.main()


def test_a_browser_that_is_missing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With apt-get and the right to use it, the machine gets one."""
    chromium = tmp_path / "chromium"
    body = f'case "$*" in *install*chromium) printf "#!/bin/sh\\n" > {chromium};'
    _program(tmp_path, "apt-get", f"{body} /bin/chmod +x {chromium};; esac")
    monkeypatch.delenv("SEGUE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)

    browser.main()

    assert browser.browser() == chromium
