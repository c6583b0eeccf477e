"""Bodies of requests, however they are wrapped."""

import base64
import gzip
import urllib.parse
import zlib

import pytest

from segue.adapters.wire import Limits, read_body
from segue.domain.errors import InputError, TooLargeError

TEXT = '{"event": "Ünï + 1 ~~~>>>???", "n": [1, 2]}'.encode()


def _gzip(body: bytes) -> bytes:
    """Packed without the time of day, so that a case has the same name in every process."""
    return gzip.compress(body, mtime=0)


PACKED = _gzip(TEXT)


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def test_base64_of_the_text_has_a_plus_sign():
    """Which forms turn into a space."""
    assert b"+" in base64.b64encode(TEXT)


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT, None),
        (TEXT, "gzip"),  # a header that is not true
        (TEXT, "deflate"),
        (PACKED, None),
        (PACKED, "gzip"),
        (PACKED, "identity"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), " Deflate"),
        (b"\xef\xbb\xbf" + TEXT, None),
        (b"\r\n " + TEXT + b"\n", None),
        (base64.b64encode(TEXT), None),
        (base64.urlsafe_b64encode(TEXT).rstrip(b"="), None),
        (base64.encodebytes(TEXT), None),
        (base64.b64encode(PACKED), None),
        (_gzip(base64.b64encode(TEXT)), None),
        (b"data=" + urllib.parse.quote(TEXT).encode(), None),
        (b"data=" + urllib.parse.quote_plus(TEXT).encode(), None),
        (b"data=" + base64.b64encode(TEXT), None),
        (b"data=" + base64.b64encode(TEXT).replace(b"+", b" "), None),
        (
            b"data="
            + urllib.parse.quote_plus(base64.b64encode(TEXT)).encode()
            + b"&compression=base64",
            None,
        ),
        (
            b"compression=gzip-js&ip=1&data="
            + urllib.parse.quote_plus(base64.b64encode(PACKED)).encode(),
            None,
        ),
        (
            _gzip(b"data=" + urllib.parse.quote_plus(base64.b64encode(TEXT)).encode()),
            "gzip",
        ),
    ],
)
def test_what_is_in_it(raw, encoding):
    assert read_body(raw, content_encoding=encoding) == TEXT


def test_bytes_that_are_no_utf_8_are_replaced():
    assert read_body(b'{"a": "\xff"}') == '{"a": "\ufffd"}'.encode()


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (b"", None),
        (b"  ", None),
        (b"\xef\xbb\xbf", None),
        (b"data=", None),
        (PACKED[:-9], None),
        (PACKED[:20] + b"xxxx" + PACKED[24:], None),
        (_gzip(b""), None),
        (b"\x1f\x8b", None),
        (b"\x99" * 30, "deflate"),
        (zlib.compress(TEXT)[:-5], "deflate"),
    ],
)
def test_a_body_that_cannot_be_read(raw, encoding):
    with pytest.raises(InputError):
        read_body(raw, content_encoding=encoding)


def test_a_bomb_is_not_unpacked():
    """Nor one in another, nor one of deflate."""
    bomb = _gzip(b"[" + b" " * 50_000_000 + b"]")
    limits = Limits(packed=1_000_000, unpacked=100_000)

    for raw in (
        bomb,
        _gzip(bomb),
        base64.b64encode(bomb),
        b"data=" + base64.b64encode(bomb),
    ):
        with pytest.raises(TooLargeError) as raised:
            read_body(raw, limits=limits)
        assert raised.value.limit == 100_000
    with pytest.raises(TooLargeError):
        read_body(zlib.compress(b" " * 200_000), content_encoding="deflate", limits=limits)


def test_a_body_of_the_limit_is_read():
    limits = Limits(packed=len(TEXT), unpacked=len(TEXT))
    assert read_body(TEXT, limits=limits) == TEXT
    assert read_body(PACKED, limits=Limits(len(PACKED), len(TEXT))) == TEXT

    with pytest.raises(TooLargeError) as raised:
        read_body(TEXT + b" ", limits=limits)
    assert (raised.value.code, raised.value.limit) == ("too_large", len(TEXT))
