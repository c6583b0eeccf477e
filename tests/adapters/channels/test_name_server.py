"""TXT records of a real name server on this machine."""

import asyncio

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from segue.adapters.channels.name_server import NameServer
from segue.domain.errors import InputError
from tests.adapters.channels.mail_server import Loop

RECORDS = {
    "shop.example.": ['"v=spf1 " "include:mail.example -all"', '"other"'],
    "empty.example.": [],
    "broken.example.": None,
}


class Responder(asyncio.DatagramProtocol):
    """Answers questions for TXT records."""

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, place):
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text()
        answer = dns.message.make_response(question)
        texts = RECORDS.get(name, ())
        if texts is None:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in RECORDS:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        self._transport.sendto(answer.to_wire(), place)


@pytest.fixture(scope="module")
def server():
    loop = Loop()

    async def begin():
        made = asyncio.get_running_loop().create_datagram_endpoint
        return await made(Responder, local_addr=("127.0.0.1", 0))

    transport, _ = loop.do(begin())
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    yield NameServer(resolver)

    async def end():
        transport.close()

    loop.do(end())
    loop.close()


def test_the_records_of_a_name(server):
    """The pieces of a record are one text; of records there may be several."""
    assert sorted(server.texts("shop.example")) == ["other", "v=spf1 include:mail.example -all"]


@pytest.mark.parametrize("name", ["empty.example", "nobody.example"])
def test_a_name_without_records(server, name):
    assert server.texts(name) == []


@pytest.mark.parametrize("name", ["broken.example", "a..example", "a" * 64 + ".example"])
def test_what_cannot_be_looked_up(server, name):
    with pytest.raises(InputError, match="cannot be looked up"):
        server.texts(name)
