"""Whether a domain vouches for the e-mails that are sent from it: SPF, DKIM, DMARC.

Large providers take bulk mail only where all three are there. Each finding says what is there, and
what to add where that is not enough. RFC 7208, RFC 6376, RFC 7489.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TextRecords = Callable[[str], Sequence[str]]
"""The TXT records of a name, each as one text; none where there are none. Raises `InputError` where
they cannot be asked for."""

MOST_LOOKUPS: Final = 10
"""Look-ups that the check of one SPF record may need; receivers give up beyond."""
_LOOKING: Final = re.compile(r"^[+?~-]?(include:|a(?=$|[:/])|mx(?=$|[:/])|ptr|exists:)|^redirect=")
SHORTEST_KEY: Final = 216
"""Characters of base64 of a public RSA key of 1024 bits."""
LONG_KEY: Final = 380
"""Characters of base64 of one of 2048 bits, about."""


class Grade(StrEnum):
    """How good a finding is."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one of the three: `what` in words, `add` is what to put into DNS ("": it
    is good as it is), `name` where."""

    about: str
    grade: Grade
    name: str
    what: str
    add: str = ""


def check_domain(
    domain: str, records: TextRecords, *, selectors: Sequence[str] = (), host: str = ""
) -> list[Finding]:
    """What the domain says of SPF, of DKIM (with these selectors) and of DMARC. `host` is the mail
    server that sends ("": not known)."""
    findings = [_spf(domain, records(domain), host)]
    findings += [_dkim(f"{one}._domainkey.{domain}", records) for one in selectors]
    if not selectors:
        findings.append(_no_selector(domain))
    return [*findings, _dmarc(domain, records)]


# ---------------------------------------------------------------------------------------------- SPF


def _spf(domain: str, texts: Sequence[str], host: str) -> Finding:
    found = [one for one in texts if _words(one)[:1] == ["v=spf1"]]
    sender = f"include:{host}" if host else "include:YOUR_PROVIDER"
    if not found:
        add = f"v=spf1 {sender} ~all"
        return Finding("SPF", Grade.MISSING, domain, "no record says who may send", add)
    if len(found) > 1:
        add = f"v=spf1 {_merged(found)}"
        what = f"{len(found)} records: receivers then believe none of them"
        return Finding("SPF", Grade.MISSING, domain, what, add)
    return _one_spf(domain, found[0], sender)


def _one_spf(domain: str, text: str, sender: str) -> Finding:
    words = _words(text)[1:]
    end = next((one for one in words if one.endswith("all") and len(one) <= 4), "")
    if end in ("all", "+all"):
        add = text.replace(end, "~all") if end == "+all" else re.sub(r"\ball\b", "~all", text)
        return Finding("SPF", Grade.MISSING, domain, "it lets the whole world send", add)
    looks = sum(_LOOKING.match(one) is not None for one in words)
    if looks > MOST_LOOKUPS:
        what = f"it needs {looks} look-ups; receivers give up after {MOST_LOOKUPS}"
        return Finding("SPF", Grade.DOUBTFUL, domain, what, "fewer include, a, mx and exists")
    redirected = any(one.startswith("redirect=") for one in words)
    if not end and not redirected:
        what = "it does not say what of everybody else"
        return Finding("SPF", Grade.DOUBTFUL, domain, what, f"{text} ~all")
    if not looks and not any("ip4:" in one or "ip6:" in one for one in words):
        what = "it lets nobody send"
        return Finding("SPF", Grade.DOUBTFUL, domain, what, f"v=spf1 {sender} {end}")
    return Finding("SPF", Grade.GOOD, domain, text)


def _merged(texts: Sequence[str]) -> str:
    """The words of several records in one, each once, the end of the first."""
    words = dict.fromkeys(word for one in texts for word in _words(one)[1:])
    ends = [word for word in words if word.endswith("all") and len(word) <= 4]
    return " ".join([*(word for word in words if word not in ends), *ends[:1]])


# --------------------------------------------------------------------------------------------- DKIM


def _dkim(name: str, records: TextRecords) -> Finding:
    about = f"DKIM {name.partition('.')[0]}"
    found = [tags for one in records(name) if "p" in (tags := _tags(one))]
    if not found:
        add = "v=DKIM1; k=rsa; p=THE_PUBLIC_KEY_OF_YOUR_MAIL_SERVER"
        return Finding(about, Grade.MISSING, name, "no key for this selector", add)
    tags = found[0]
    key = "".join(tags["p"].split())
    if not key:
        return Finding(about, Grade.MISSING, name, "the key was revoked (p= is empty)", "p=…")
    rsa = tags.get("k", "rsa") == "rsa"
    if rsa and len(key) < LONG_KEY:
        grade = Grade.DOUBTFUL if len(key) >= SHORTEST_KEY else Grade.MISSING
        return Finding(about, grade, name, "the key is shorter than 2048 bits", "a longer key")
    if "y" in tags.get("t", "").split(":"):
        what = "it says that it is a test (t=y): receivers may look past it"
        return Finding(about, Grade.DOUBTFUL, name, what, "the same without t=y")
    return Finding(about, Grade.GOOD, name, f"a key ({tags.get('k', 'rsa')})")


def _no_selector(domain: str) -> Finding:
    what = "not looked at: your mail provider names the selector, and --selector takes it"
    return Finding("DKIM", Grade.DOUBTFUL, f"SELECTOR._domainkey.{domain}", what)


# -------------------------------------------------------------------------------------------- DMARC


def _dmarc(domain: str, records: TextRecords) -> Finding:
    """The policy of the domain, or of the one above it, which counts for what stands below."""
    for place in _above(domain):
        name = f"_dmarc.{place}"
        found = [one for one in records(name) if _tags(one).get("v", "").upper() == "DMARC1"]
        if len(found) > 1:
            what = f"{len(found)} records: receivers then believe none of them"
            return Finding("DMARC", Grade.MISSING, name, what, "one of them alone")
        if found:
            return _one_dmarc(name, found[0])
    add = f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
    what = "no policy: large providers take no bulk mail without one"
    return Finding("DMARC", Grade.MISSING, f"_dmarc.{domain}", what, add)


def _one_dmarc(name: str, text: str) -> Finding:
    policy = _tags(text).get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        add = "v=DMARC1; p=none; rua=mailto:YOU"
        return Finding("DMARC", Grade.MISSING, name, "it has no policy (p=)", add)
    if policy == "none":
        what = "it asks for nothing (p=none): enough to begin with, forged mail still arrives"
        add = re.sub(r"\bp\s*=\s*none\b", "p=quarantine", text, count=1, flags=re.IGNORECASE)
        return Finding("DMARC", Grade.DOUBTFUL, name, what, add)
    return Finding("DMARC", Grade.GOOD, name, text)


def _above(domain: str) -> list[str]:
    """The domain and those above it, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[first:]) for first in range(max(1, len(labels) - 1))]


def _words(text: str) -> list[str]:
    return text.lower().split()


def _tags(text: str) -> Mapping[str, str]:
    """The tags of a record such as `v=DKIM1; p=…`."""
    pairs = (one.partition("=") for one in text.split(";") if "=" in one)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
