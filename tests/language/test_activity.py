"""Which event names are `any`."""

import pytest

from segue.language.activity import is_activity


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("purchase", True),
        ("$message_clicked", True),
        ("$set", False),
        ("$survey_shown", False),
        ("$session_started", False),
        ("invoice_paid", False),
        ("Email Delivered", False),
        ("Emails", True),
    ],
)
def test_any_is_what_people_did_themselves(name: str, expected: bool) -> None:
    assert is_activity(name, ["invoice_paid", "Email *", "Email D*"]) is expected
