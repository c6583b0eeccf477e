"""Mail servers on this machine: a real one (aiosmtpd), and one that speaks by a script."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LOCAL = ipaddress.ip_address("127.0.0.1")
USER, PASSWORD = "segue", "hush-hush"


@dataclass
class Mailbox:
    """What a server received: raw, with the envelope; `answers` are given to RCPT and DATA, one
    after another, then 250."""

    answers: list[str] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    at_recipient: bool = True

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.at_recipient and self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("250"):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if not self.at_recipient and self.answers:
            return self.answers.pop(0)
        self.received.append(envelope.content)
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        self.sessions.add(session.peer[1])
        self.encrypted.append(session.ssl is not None)
        return "250 2.0.0 taken"

    @property
    def mails(self) -> list[EmailMessage]:
        """The messages, parsed as a mail program does."""
        return [message_from_bytes(one, policy=policy.default) for one in self.received]


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self.do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # transports close


@contextlib.contextmanager
def listening(protocol: Callable[[], asyncio.Protocol], **extra) -> Iterator[int]:
    """Listen on this machine; the port."""
    loop = Loop()

    async def begin():
        made = asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, **extra)
        return await made

    server = loop.do(begin())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:

        async def end():
            server.close()

        loop.do(end())
        loop.close()


@contextlib.contextmanager
def mail_server(
    mailbox: Mailbox, *, certificate: "Certificate | None" = None, implicit: bool = False, **extra
) -> Iterator[int]:
    """A real mail server; with a certificate it wants STARTTLS and a login."""

    def check(server, session, envelope, mechanism, login):
        given = (login.login.decode(), login.password.decode())
        mailbox.logins.append(given[0])
        good = given == (USER, PASSWORD)
        return AuthResult(success=good, handled=good)  # not handled: the server answers 535

    secure = {}
    if certificate is not None and not implicit:
        context = certificate.context()
        secure = {"tls_context": context, "require_starttls": True, "auth_required": True}
        secure["authenticator"] = check
    tls = {"ssl": certificate.context()} if certificate is not None and implicit else {}

    def made():
        return SMTP(mailbox, hostname="mail.test", **(secure | extra))

    with listening(made, **tls) as port:
        yield port


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that nobody but the test trusts."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = dt.datetime.now(dt.UTC)
        names = x509.SubjectAlternativeName([x509.IPAddress(_LOCAL), x509.DNSName("localhost")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
        (folder / "key.pem").write_bytes(key.private_bytes(pem, form, plain))
        return cls(folder)

    @property
    def file(self) -> str:
        return str(self.folder / "cert.pem")

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return context


class Scripted(asyncio.Protocol):
    """A mail server that gives one line for each line it hears, by the first word of what it heard
    (`""`: the greeting; `.`: the end of a message); None hangs up, `...` says nothing at all."""

    def __init__(self, script: dict[str, str | None]) -> None:
        self._script = {"": "220 hello", "EHLO": "250 hello", "NOOP": "250 ok"} | script
        self._buffer, self._in_message = b"", False

    def connection_made(self, transport) -> None:
        self._transport = transport
        self._say("")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\r\n")
            if not self._in_message:
                self._say(line.decode("latin-1").split(" ")[0].upper())
            elif line == b".":
                self._in_message = False
                self._say(".")

    def _say(self, heard: str) -> None:
        answer = self._script.get(heard, "354 go on" if heard == "DATA" else "250 ok")
        self._in_message = heard == "DATA" and answer is not None and answer.startswith("354")
        if answer is None:
            self._transport.close()
        elif answer != "...":
            self._transport.write(answer.encode() + b"\r\n")
