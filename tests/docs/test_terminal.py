"""How the examples of a page are read and compared: loosely in blanks, strictly in words."""

import pytest

from tests.docs.terminal import Command, commands, missing_lines

BLOCK = """\
$ segue check
Nothing to see.
$ segue evaluate \\
>     --at 2026-05-01
acme   12 people
$ segue nonsense  # exit code 2
"""


def test_a_block_is_commands_with_what_they_show() -> None:
    """A command may go on in the next line, and name the exit code it ends with."""
    read = commands(BLOCK)

    assert read == [
        Command("segue check", ("Nothing to see.",)),
        Command("segue evaluate --at 2026-05-01", ("acme   12 people",)),
        Command("segue nonsense  # exit code 2", ()),
    ]
    assert [command.exit_code for command in read] == [0, 0, 2]


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        (("a b",), "x\n  a    b  \ny", []),
        (("a b",), "a c", ["a b"]),
        (("took … s",), "took 0.3 s", []),
        (("…",), "anything", []),
        (("──────", ""), "", []),
        (("first", "second"), "second\nfirst", ["second"]),
        (("twice", "twice"), "twice", ["twice"]),
    ],
)
def test_shown_lines_have_to_be_printed_in_order(
    shown: tuple[str, ...], printed: str, missing: list[str]
) -> None:
    """An ellipsis stands for anything; frames and blanks are not compared."""
    assert missing_lines(shown, printed) == missing
