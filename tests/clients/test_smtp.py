"""One message over SMTP: every phase, and every way a server can misbehave in it."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobd.clients.smtp import Bounced, Deferred, InDoubt, Sent, Session, Withdrawn
from jobd.model.message import Message
from jobd.model.settings import MailSettings, TlsMode
from jobd.testing.smtp import MailServer

TO = "bob@example.org"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as running:
        yield running


def settings(server: MailServer, **more: object) -> MailSettings:
    base = {"enabled": True, "host": "127.0.0.1", "port": server.port, "tls": TlsMode.OFF}
    return MailSettings(**(base | {"timeout": timedelta(seconds=5)} | more))  # type: ignore[arg-type]


def message(**more: object) -> Message:
    base = {
        "id": 1, "tries": 1, "kind": "note", "sender": "App <app@example.org>", "recipient": TO, "subject": "Hello",
        "message_id": "<one.jobd@example.org>", "created_at": datetime(2026, 1, 2, tzinfo=UTC), "text": "Good day",
    }  # fmt: skip
    return Message(**(base | more))  # type: ignore[arg-type]


async def yes() -> bool:
    return True


async def sent(server: MailServer, mail: Message | None = None, **more: object):
    """The result of one try on a connection of its own."""
    session = Session(settings(server, **more))
    try:
        return await session.send(mail or message(), yes)
    finally:
        await session.close()


async def test_an_accepted_message_arrives_once_with_its_headers(server):
    result = await sent(server, message(html="<b>Good day</b>", headers={"List-Unsubscribe": "<mailto:x@y.z>"}))
    assert isinstance(result, Sent)
    (mail,) = server.mails
    assert mail.recipients == (TO,)
    assert mail.sender == "app@example.org"
    assert mail.message_id == "<one.jobd@example.org>"
    assert mail.parsed["From"] == "App <app@example.org>"
    assert mail.parsed["Date"].datetime == datetime(2026, 1, 2, tzinfo=UTC)
    assert mail.parsed["List-Unsubscribe"] == "<mailto:x@y.z>"
    assert [part.get_content().strip() for part in mail.parsed.iter_parts()] == [
        "Good day",
        "<b>Good day</b>",
    ]


async def test_a_second_copy_is_the_first_byte_for_byte(server):
    twice = message(html="<p>ä</p>", text="ä")
    await sent(server, twice)
    await sent(server, twice)
    assert server.mails[0].raw == server.mails[1].raw


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        ("rcpt 450", Deferred, "450 as scripted"),
        ("rcpt 550", Bounced, "550 as scripted"),
        ("rcpt 421", Deferred, "421 as scripted"),
        ("rcpt drop", Deferred, "RCPT"),
        ("rcpt garbage", Deferred, "Bad Gateway"),
        ("data 451", Deferred, "451"),
        ("data 554", Bounced, "554"),
        ("data 421", Deferred, "421"),
        ("data drop", Deferred, "DATA"),
        ("data 250", Deferred, "250"),
        ("dot 451", Deferred, "451"),
        ("dot 554", Bounced, "554"),
        ("dot 421", Deferred, "421"),
        ("dot drop", InDoubt, "after the final dot"),
        ("dot lose", InDoubt, "after the final dot"),
        ("dot garbage", InDoubt, "Bad Gateway"),
        ("dot 354", InDoubt, "354"),
    ],
)
async def test_what_a_server_does_decides_the_result(server, behaviour, kind, words):
    server.script[TO] = [behaviour]
    result = await sent(server)
    assert isinstance(result, kind)
    assert words in result.reply
    taken = behaviour in ("dot drop", "dot garbage")
    assert len(server.mails) == taken


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [("rcpt hang", Deferred), ("data hang", Deferred), ("dot hang", InDoubt), ("connect hang", Deferred)],
)
async def test_a_server_that_falls_silent_is_left_after_the_timeout(server, behaviour, kind):
    server.script["*"] = [behaviour]
    result = await sent(server, timeout=timedelta(seconds=0.2))
    assert isinstance(result, kind)


async def test_a_server_that_stops_reading_is_left_before_the_dot(server):
    server.script[TO] = ["body hang"]
    asked = []

    async def before_dot() -> bool:
        asked.append(True)
        return True

    session = Session(settings(server, timeout=timedelta(seconds=0.5)))
    result = await session.send(message(text="x" * 70 + "\n" + "line of text\n" * 2_000_000), before_dot)
    assert isinstance(result, Deferred)
    assert not asked


@pytest.mark.parametrize("behaviour", ["connect 421", "connect 554", "connect drop", "connect garbage", "mail 550"])
async def test_trouble_that_meets_every_message_bounces_none(server, behaviour):
    server.script["*"] = [behaviour]
    result = await sent(server)
    assert isinstance(result, Deferred)
    assert result.server


async def test_a_refused_connection_defers(server):
    await server.refuse()
    result = await sent(server)
    assert isinstance(result, Deferred)
    assert result.server


async def test_a_message_too_large_for_the_server_bounces(server):
    server.script["*"] = ["mail 552"]
    assert isinstance(await sent(server), Bounced)


async def test_a_connection_lost_before_the_dot_is_no_doubt(server):
    server.script[TO] = ["body drop"]
    session = Session(settings(server))

    async def when_the_server_is_gone() -> bool:
        await server.met.get()
        async with asyncio.timeout(5):
            while session._smtp is not None and session._smtp.is_connected:
                await asyncio.sleep(0)
        return True

    result = await session.send(message(), when_the_server_is_gone)
    assert isinstance(result, Deferred)
    assert "before the final dot" in result.reply


async def test_a_forbidden_dot_is_not_written(server):
    session = Session(settings(server))

    async def no() -> bool:
        return False

    assert isinstance(await session.send(message(), no), Withdrawn)
    assert isinstance(await session.send(message(message_id="<two@x>"), yes), Sent)
    await session.close()
    assert [mail.message_id for mail in server.mails] == ["<two@x>"]


async def test_what_the_owner_raises_before_the_dot_comes_out_and_nothing_is_taken(server):
    session = Session(settings(server))

    async def fail() -> bool:
        raise LookupError("no database")

    with pytest.raises(LookupError):
        await session.send(message(), fail)
    assert isinstance(await session.send(message(message_id="<two@x>"), yes), Sent)
    await session.close()
    assert [mail.message_id for mail in server.mails] == ["<two@x>"]


async def test_a_connection_is_kept_for_the_next_message_also_after_a_refusal(server):
    server.script[TO] = ["", "rcpt 550", "dot 451", ""]
    session = Session(settings(server))
    kinds = [type(await session.send(message(), yes)) for _ in range(4)]
    await session.close()
    assert kinds == [Sent, Bounced, Deferred, Sent]
    assert server.connections == 1


async def test_a_kept_connection_that_the_server_closed_is_opened_again(server):
    session = Session(settings(server))
    assert isinstance(await session.send(message(), yes), Sent)
    await server.refuse()
    await server.listen()
    assert isinstance(await session.send(message(), yes), Sent)
    await session.close()
    assert server.connections == 2


async def test_a_kept_connection_answered_with_421_is_opened_again(server):
    session = Session(settings(server))
    await session.send(message(), yes)
    server.script["*"] = ["mail 421"]
    assert isinstance(await session.send(message(), yes), Sent)
    await session.close()


async def test_a_cancelled_try_leaves_no_connection_behind(server):
    reached = asyncio.Event()

    async def wait_for_ever() -> bool:
        reached.set()
        await asyncio.Event().wait()
        return True

    session = Session(settings(server))
    trying = asyncio.create_task(session.send(message(), wait_for_ever))
    await reached.wait()
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert isinstance(await session.send(message(), yes), Sent)
    await session.close()
    assert server.connections == 2
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    "text", ["a\n.\nb", "a\r\n.\r\nRCPT TO:<eve@example.org>\r\n", ".", "..", "a\r.\r", "x\n.\r\nDATA"]
)
async def test_no_body_ends_the_message_early(server, text):
    result = await sent(server, message(text=text))
    assert isinstance(result, Sent)
    (mail,) = server.mails
    assert mail.recipients == (TO,)
    assert mail.parsed.get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize(
    "bad",
    [
        {"recipient": "bob@example.org>\r\nRCPT TO:<eve@example.org"},
        {"recipient": "bob@example.org, eve@example.org"},
        {"recipient": "Bob <bob@example.org>"},
        {"recipient": "bob@example.org> SIZE=1"},
        {"recipient": ""},
        {"subject": "Hello\r\nBcc: eve@example.org"},
        {"subject": "Hello\nBcc: eve@example.org"},
        {"sender": "app@example.org\r\nBcc: eve@example.org"},
        {"headers": {"Bcc": "eve@example.org"}},
        {"headers": {"X-A\r\nBcc": "eve@example.org"}},
        {"headers": {"X-A": "b\r\nBcc: eve@example.org"}},
    ],
)
async def test_what_smuggles_headers_or_recipients_bounces_unsent(server, bad):
    result = await sent(server, message(**bad))
    assert isinstance(result, Bounced)
    assert server.mails == []
    assert server.connections == 0


async def test_addresses_beyond_ascii_are_carried(server):
    assert isinstance(await sent(server, message(recipient="jörg@bücher.example")), Sent)
    assert server.mails[0].recipients == ("jörg@xn--bcher-kva.example",)


async def test_a_message_that_replies_elsewhere_says_so(server):
    await sent(server, reply_to="help@example.org")
    assert server.mails[0].parsed["Reply-To"] == "help@example.org"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A self-signed certificate for localhost, key included."""
    pem = tmp_path_factory.mktemp("tls") / "localhost.pem"
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = "-addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    argv = [*request.split(), *names.split(), "-keyout", pem, "-out", f"{pem}.crt"]
    subprocess.run(argv, check=True, capture_output=True)
    pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
    return pem


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_server_without_tls_gets_nothing_when_tls_is_required(server):
    result = await sent(server, tls=TlsMode.REQUIRED)
    assert isinstance(result, Deferred)
    assert "STARTTLS" in result.reply
    assert server.mails == []


async def test_a_certificate_that_nobody_vouches_for_gets_nothing_when_tls_is_required(certificate):
    async with MailServer(tls=server_tls(certificate)) as server:
        result = await sent(server, tls=TlsMode.REQUIRED)
        assert isinstance(result, Deferred)
        assert "certificate" in result.reply
        assert server.mails == []


async def test_a_vouched_for_certificate_is_accepted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    async with MailServer(tls=server_tls(certificate)) as server:
        assert isinstance(await sent(server, tls=TlsMode.REQUIRED), Sent)


async def test_opportunistic_tls_takes_what_there_is(certificate, server):
    async with MailServer(tls=server_tls(certificate)) as encrypted:
        assert isinstance(await sent(encrypted, tls=TlsMode.OPPORTUNISTIC), Sent)
    assert isinstance(await sent(server, tls=TlsMode.OPPORTUNISTIC), Sent)


async def test_a_right_login_is_accepted_and_a_wrong_one_defers(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    async with MailServer(tls=server_tls(certificate), login=("app", "secret")) as server:
        assert isinstance(await sent(server, tls=TlsMode.REQUIRED, user="app", password="secret"), Sent)
        wrong = await sent(server, tls=TlsMode.REQUIRED, user="app", password="guess-me")
        assert isinstance(wrong, Deferred)
        assert wrong.server
        assert "guess-me" not in wrong.reply


async def test_a_password_is_not_sent_in_the_clear_beyond_loopback(server, monkeypatch):
    monkeypatch.setattr("jobd.clients.smtp.connection._is_loopback", lambda peer: False)
    result = await sent(server, user="app", password="secret")
    assert isinstance(result, Deferred)
    assert "in the clear" in result.reply


async def test_the_server_as_a_process_records_each_mail_on_disk(tmp_path):
    mailbox, port_file = tmp_path / "mails.jsonl", tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobd.testing.smtp", "--mailbox", mailbox, "--port-file", port_file),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20):
            await process.stdout.readline()
        session = Session(MailSettings(host="127.0.0.1", port=int(port_file.read_text()), tls=TlsMode.OFF))
        assert isinstance(await session.send(message(), yes), Sent)
        (line,) = mailbox.read_text().splitlines()
        assert json.loads(line)["message_id"] == "<one.jobd@example.org>"
        assert json.loads(line)["kind"] == "note"
        await session.close()
    finally:
        process.terminate()
        assert await process.wait() == 0
