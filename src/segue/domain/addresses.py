"""E-mail addresses: which texts are one, in which form they are written to."""

from __future__ import annotations

import re
from typing import Final

from segue.domain.errors import InputError

LONGEST_ADDRESS: Final = 254
"""Characters of an address that SMTP carries (RFC 5321, and its erratum 1690)."""
_LONGEST_NAME: Final = 64
_NAME: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
"""A dot-atom of RFC 5322, with the letters of RFC 6531: no spaces, quotes, brackets, commas."""
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def mail_address(text: str) -> str:
    """The one address in a text, without space around it, its domain in lower case and in ASCII.

    Raises `InputError` where the text is anything else: several addresses, one with a name beside
    it, a line break, a quoted local part, an address without a dot in its domain.

    >>> mail_address(" Ana.Diaz@Bücher.Example ")
    'Ana.Diaz@xn--bcher-kva.example'
    """
    name, at, domain = text.strip(" ").rpartition("@")
    host = _in_ascii(domain)
    right = at and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) and _DOMAIN.fullmatch(host)
    if not right or len(name) + 1 + len(host) > LONGEST_ADDRESS:
        raise InputError(f"{text[:80]!r} is no e-mail address", hint="for example ana@example.com")
    return f"{name}@{host}"


def _in_ascii(domain: str) -> str:
    """A domain as it is written in DNS; "" where it cannot be one."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def masked_address(address: str) -> str:
    """An address as a page may show it to whoever has the link: enough to know one's own.

    >>> masked_address("ana.diaz@example.com")
    'a…@example.com'
    """
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"
