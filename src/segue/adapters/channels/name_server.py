"""TXT records, asked of a name server."""

from __future__ import annotations

import dns.exception
import dns.resolver

from segue.domain.errors import InputError

TIME_LIMIT = 10.0
"""Seconds that one question may take."""


class NameServer:
    """Asks for TXT records: those of the machine's name servers, or of another resolver."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, the pieces of each put together; none where there are none.

        Raises `InputError` where the name cannot be asked for, or nobody answers.
        """
        try:
            resolver = self._resolver or dns.resolver.Resolver()
            found = resolver.resolve(name, "TXT", lifetime=TIME_LIMIT, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            hint = "is this machine connected, and the domain right?"
            raise InputError(f"{name} cannot be looked up: {_words(error)}", hint=hint) from error
        return [b"".join(one.strings).decode(errors="replace") for one in found]


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
