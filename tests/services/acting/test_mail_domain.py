"""What a domain says of the e-mails sent from it, and what to add."""

import base64

import pytest

from segue.services.acting.mail_domain import Grade, check_domain

SPF = "v=spf1 include:_spf.mail.example ~all"
KEY = base64.b64encode(bytes(294)).decode()
DKIM = f"v=DKIM1; k=rsa; p={KEY}"
DMARC = "v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.example"
GOOD = {
    "shop.example": ["google-site-verification=x", SPF],
    "s1._domainkey.shop.example": [DKIM],
    "_dmarc.shop.example": [DMARC],
}


def _check(changes=None, *, domain="shop.example", selectors=("s1",), host=""):
    records = GOOD | (changes or {})
    found = check_domain(domain, lambda name: records.get(name, []), selectors=selectors, host=host)
    return {one.about: one for one in found}


def test_a_domain_that_is_good():
    found = _check()

    assert {about: (one.grade, one.add) for about, one in found.items()} == {
        "SPF": (Grade.GOOD, ""),
        "DKIM s1": (Grade.GOOD, ""),
        "DMARC": (Grade.GOOD, ""),
    }


@pytest.mark.parametrize(
    ("texts", "grade", "what", "add"),
    [
        ([], Grade.MISSING, "no record", "v=spf1 include:mail.example ~all"),
        (["v=spf10 x"], Grade.MISSING, "no record", "v=spf1 include:mail.example ~all"),
        (
            [SPF, "V=SPF1 ip4:192.0.2.1 -all"],
            Grade.MISSING,
            "2 records",
            "v=spf1 include:_spf.mail.example ip4:192.0.2.1 ~all",
        ),
        (["v=spf1 +all"], Grade.MISSING, "whole world", "v=spf1 ~all"),
        (["v=spf1 mx all"], Grade.MISSING, "whole world", "v=spf1 mx ~all"),
        (["v=spf1 mx"], Grade.DOUBTFUL, "everybody else", "v=spf1 mx ~all"),
        (["v=spf1 -all"], Grade.DOUBTFUL, "lets nobody", "v=spf1 include:mail.example -all"),
        (
            ["v=spf1 " + " ".join(f"include:a{n}.example" for n in range(11)) + " -all"],
            Grade.DOUBTFUL,
            "11 look-ups",
            "fewer",
        ),
        (["v=spf1 redirect=_spf.mail.example"], Grade.GOOD, "redirect", ""),
        (["v=spf1 ip6:2001:db8::/32 ?all"], Grade.GOOD, "ip6", ""),
        (["v=spf1 a mx:mail.example -all"], Grade.GOOD, "a mx", ""),
    ],
)
def test_spf(texts, grade, what, add):
    found = _check({"shop.example": texts}, host="mail.example")["SPF"]

    assert found.grade is grade
    assert what in found.what
    assert found.add.startswith(add)
    assert found.name == "shop.example"


@pytest.mark.parametrize(
    ("texts", "grade", "what"),
    [
        ([], Grade.MISSING, "no key"),
        (["v=DKIM1; k=rsa"], Grade.MISSING, "no key"),
        (["v=DKIM1; p="], Grade.MISSING, "revoked"),
        ([f"p={base64.b64encode(bytes(162)).decode()}"], Grade.DOUBTFUL, "2048"),
        ([f"p={base64.b64encode(bytes(94)).decode()}"], Grade.MISSING, "2048"),
        ([f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(32)).decode()}"], Grade.GOOD, "ed25519"),
        ([f"v=DKIM1; t=s:y; p={KEY}"], Grade.DOUBTFUL, "test"),
    ],
)
def test_dkim(texts, grade, what):
    found = _check({"s1._domainkey.shop.example": texts})["DKIM s1"]

    assert found.grade is grade
    assert what in found.what


def test_without_a_selector_dkim_is_not_looked_at():
    found = _check(selectors=())["DKIM"]

    assert found.grade is Grade.DOUBTFUL
    assert "--selector" in found.what


@pytest.mark.parametrize(
    ("texts", "grade", "add"),
    [
        ([], Grade.MISSING, "v=DMARC1; p=none; rua=mailto:dmarc@shop.example"),
        (["v=DMARC1; p=none; sp=none"], Grade.DOUBTFUL, "v=DMARC1; p=quarantine; sp=none"),
        (["v=DMARC1; rua=mailto:a@b.example"], Grade.MISSING, "v=DMARC1; p=none"),
        ([DMARC, DMARC], Grade.MISSING, "one of them"),
        (["v=DMARC1;p=reject"], Grade.GOOD, ""),
    ],
)
def test_dmarc(texts, grade, add):
    found = _check({"_dmarc.shop.example": texts})["DMARC"]

    assert found.grade is grade
    assert found.add.startswith(add)


def test_the_policy_of_the_domain_above_counts():
    found = _check(domain="news.shop.example")["DMARC"]

    assert found.grade is Grade.GOOD
    assert found.name == "_dmarc.shop.example"
