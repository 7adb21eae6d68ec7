"""Through the whole outbox: whatever stands in a message, one message leaves, to the one who was named, or none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from test_delivery import added, database, delivering, outbox, server, settings, until

from jobd.store.outbox import Outbox
from jobd.testing.smtp import MailServer

__all__ = ["database", "outbox", "server"]

EVE = "eve@example.org"
SMUGGLED = f"MAIL FROM:<{EVE}>\r\nRCPT TO:<{EVE}>\r\nDATA\r\nSubject: forged\r\n\r\nforged"
ROW = """
insert into jobd.outbox (run_id, job, sender, recipient, kind, subject, text, message_id)
values (7, 'j', $1, $2, 'note', $3, 'x', '<7@example.org>')
"""


@pytest.fixture
async def heard(outbox: Outbox, server: MailServer) -> AsyncIterator[MailServer]:
    """A server to which everything is delivered."""
    async with delivering(outbox, settings(server)):
        yield server


@pytest.mark.parametrize("end", ["\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\r.\n"])
@pytest.mark.parametrize("part", ["text", "html"])
async def test_no_body_holds_a_second_message(outbox: Outbox, heard: MailServer, part: str, end: str):
    body = {"text": "before", part: f"before{end}{SMUGGLED}{end}QUIT\r\n"}
    await added(outbox, **body)
    await until(outbox, sent=1)
    (mail,) = heard.mails
    assert mail.recipients == ("bob@example.org",)
    assert mail.parsed["Subject"] == "Hi"
    assert "forged" in mail.parsed.get_body((part.replace("text", "plain"),)).get_content()


@pytest.mark.parametrize(
    ("sender", "recipient", "subject"),
    [
        ("app@example.org", f"bob@example.org>\r\nRCPT TO:<{EVE}", "Hi"),
        ("app@example.org", f"bob@example.org\nBcc: {EVE}", "Hi"),
        ("app@example.org", "bob@example.org", f"Hi\r\nBcc: {EVE}"),
        ("app@example.org", "bob@example.org", f"Hi\nBcc: {EVE}\n\nanother body"),
        (f"app@example.org>\r\nRCPT TO:<{EVE}", "bob@example.org", "Hi"),
    ],
)
async def test_no_row_holds_a_second_header_whoever_writes_it(
    outbox: Outbox, sender: str, recipient: str, subject: str
):
    with pytest.raises(ValueError):
        await added(outbox, recipient, subject=subject, sender=sender)
    with pytest.raises(asyncpg.CheckViolationError):
        await outbox._database.execute(ROW, sender, recipient, subject)


@pytest.mark.parametrize(
    "recipient", [f"bob@example.org, {EVE}", f"bob@example.org> RCPT TO:<{EVE}", f"<{EVE}>, bob@example.org", "bob", ""]
)
async def test_a_row_that_somebody_wrote_past_the_checks_is_sent_to_nobody(
    outbox: Outbox, heard: MailServer, recipient: str
):
    with pytest.raises(ValueError):
        await added(outbox, recipient)
    await outbox._database.execute(ROW, "app@example.org", recipient, "Hi")
    await added(outbox, "alice@example.org")
    await until(outbox, sent=1, bounced=1)
    assert [mail.recipients for mail in heard.mails] == [("alice@example.org",)]
