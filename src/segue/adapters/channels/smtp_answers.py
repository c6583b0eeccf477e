"""What a mail server's answer means for a message: RFC 5321, and the enhanced codes of RFC 3463."""

from __future__ import annotations

import re
import smtplib
from typing import Final

from segue.domain.acting import Outcome

LONGEST: Final = 300
"""Characters of an answer that are kept."""

BAD_ADDRESS: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Enhanced codes of addresses that never will be: no such mailbox, domain or syntax, moved without
a new one, a domain that takes no mail, a mailbox that is closed."""
FULL: Final = "5.2.2"
"""The mailbox is full: it may be emptied."""

_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NOBODY: Final = re.compile(
    r"unknown|no such|does(?: not|n.t) exist|not found|invalid (?:recipient|mailbox|address)",
    re.IGNORECASE,
)


def answered(code: int, text: bytes | str, *, to_recipient: bool) -> Outcome:
    """What an answer that is no success means. `to_recipient`: it answers the address or the
    message, and not the connection, a login or the sender, which is never the recipient's fault."""
    words = _words(text)
    enhanced = _ENHANCED.search(words)
    detail = enhanced[1] if enhanced else ""
    permanent = to_recipient and code >= 500 and detail != FULL
    return Outcome(
        f"SMTP {code}: {words}".rstrip(": "),
        permanent=permanent,
        suppress=permanent and _is_bad_address(code, detail, words),
    )


def failed(error: Exception) -> Outcome:
    """What an error of a connection means."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return answered(code, text, to_recipient=True)
    if isinstance(error, smtplib.SMTPDataError):
        return answered(error.smtp_code, error.smtp_error, to_recipient=True)
    if isinstance(error, smtplib.SMTPResponseException):  # connecting, a login, the sender
        return answered(error.smtp_code, error.smtp_error, to_recipient=False)
    if isinstance(error, TimeoutError):
        return Outcome("the mail server did not answer in time")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Outcome(f"the mail server does not offer what is asked of it: {_words(str(error))}")
    return Outcome(f"{type(error).__name__}: {_words(str(error))}")


def _is_bad_address(code: int, detail: str, words: str) -> bool:
    if detail:
        return detail in BAD_ADDRESS
    return code in (550, 551, 553) and _NOBODY.search(words) is not None


def _words(text: bytes | str) -> str:
    """An answer as words: printable, in one line, not too long."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else text
    return "".join(c if c.isprintable() else " " for c in " ".join(plain.split()))[:LONGEST]
