"""An e-mail as it goes out: its headers, a text and an HTML part.

What comes from a template or a profile can never become a header: line breaks in a subject or a
name are folded into spaces, an address is exactly one or the message is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html.parser import HTMLParser
from typing import Final

from segue.domain.acting import Message
from segue.domain.addresses import mail_address
from segue.domain.campaigns import Sender
from segue.domain.errors import InputError, UsageError
from segue.domain.instant import SECOND

LONGEST_LINE: Final = 998
"""Characters of a line of an e-mail (RFC 5322)."""
LONGEST_TITLE: Final = 400
"""Characters of a subject or a name; the rest is cut off."""
DELIVERY: Final = "X-Segue-Delivery"
"""The header with the delivery's id: what providers quote in their reports leads back to it."""
POSTMARK: Final = "X-PM-Metadata-delivery_id"
"""The same for Postmark, which takes it off and puts it into the metadata of its reports."""

_UNFOLDED: Final = frozenset({"list-unsubscribe", "message-id"})
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


class _Policy(EmailPolicy):
    """The policy of SMTP; a header with a URL stays in one line: folded, it would be encoded, and
    no mail program would know it again."""

    def fold(self, name: str, value: str) -> str:
        """See `Policy.fold`."""
        if name.lower() in _UNFOLDED:
            return f"{name}: {value}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        """See `Policy.fold_binary`."""
        if name.lower() in _UNFOLDED:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY: Final = _Policy(linesep="\r\n", raise_on_defect=False)


def composed(message: Message, sender: Sender, now: int) -> EmailMessage:
    """The e-mail of a message: the same message always has the same Message-ID; `now` is its Date.

    Raises `InputError` where the address is none or there is nothing to say, and `UsageError` where
    the project names no sender.
    """
    mail = EmailMessage(_POLICY)
    own = _sender_address(sender)
    mail["From"] = _address(sender.name, own)
    mail["To"] = _address("", mail_address(message.address))
    if sender.reply_to:
        mail["Reply-To"] = _address("", mail_address(sender.reply_to))
    mail["Subject"] = in_one_line(message.parts.get("subject", ""))
    mail["Date"] = format_datetime(dt.datetime.fromtimestamp(now // SECOND, dt.UTC))
    name = _UNSAFE.sub("-", message.id)
    mail["Message-ID"] = f"<{name}@{own.rpartition('@')[2]}>"
    mail[DELIVERY] = mail[POSTMARK] = name
    mail["Feedback-ID"] = f"{_UNSAFE.sub('-', message.campaign_id)}:email:segue"
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<{_url(message.unsubscribe)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _fill(mail, message)
    return mail


def in_one_line(text: str) -> str:
    """A text fit for a header: white space and line breaks are one space, what cannot be printed is
    left out, and nothing in it reads as an encoded word (RFC 2047), which may hide a line break."""
    line = "".join(one for one in " ".join(text.split()) if one.isprintable())
    return line.replace("=?", "= ?")[:LONGEST_TITLE]


def text_of(html: str) -> str:
    """What an HTML part says, as plain text: paragraphs apart, links with their addresses."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.found).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _fill(mail: EmailMessage, message: Message) -> None:
    """Put in the text and the HTML; where there is only HTML, also what it says."""
    text, html = message.parts.get("text", ""), message.parts.get("html", "")
    if not text.strip() and not html.strip():
        raise InputError("an e-mail needs a text or an HTML part", hint="text: or html:")
    mail.set_content(text or text_of(html), cte="quoted-printable")
    if html.strip():
        mail.add_alternative(html, subtype="html", cte="quoted-printable")


def _sender_address(sender: Sender) -> str:
    if not sender.address:
        raise UsageError("the project names no sender of e-mails", hint="messaging: sender:")
    return mail_address(sender.address)


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(in_one_line(name), local, domain)


def _url(url: str) -> str:
    """The URL, given that a header can carry it."""
    if not url.isascii() or not url.isprintable() or set(url) & set(" <>,"):
        raise InputError("the address of the page to unsubscribe fits no header")
    if len(url) > LONGEST_LINE - 30:
        raise InputError("the address of the page to unsubscribe is too long for a header")
    return url


class _Reader(HTMLParser):
    """Reads the text out of HTML."""

    _HIDDEN: Final = frozenset({"style", "script", "head", "title"})
    _BLOCKS: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "tr", "table", "ul", "ol"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden, self._link = 0, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        if tag in self._HIDDEN:
            self._hidden += 1
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""
        elif tag in ("br", "li"):
            self.found.append("\n- " if tag == "li" else "\n")
        elif tag in self._BLOCKS:
            self.found.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        """A tag ends."""
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "a" and self._link.startswith(("http:", "https:", "mailto:")):
            self.found.append(f" ({self._link})")
            self._link = ""
        elif tag in self._BLOCKS:
            self.found.append("\n\n")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._hidden:
            self.found.append(" ".join(data.split("\n")))
