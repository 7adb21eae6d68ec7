"""send-email, send-bulk-email and send-expiry-reminders on real tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from subscriptions import mails, subscribe

from jobd.jobs.send_email import send_bulk_email, send_email, send_expiry_reminders
from jobd.model.run import Items
from jobd.model.settings import MailSettings, Settings
from jobd.testing.context import TestContext

DAY = timedelta(days=1)


async def test_one_mail_is_stored_as_text_or_as_html(app):
    settings = Settings(mail=MailSettings(sender="App <app@example.org>"))
    await send_email(TestContext(app, run_id=5, settings=settings), "bob@example.org", "Hi", "a < b")
    await send_email(TestContext(app), "bob@example.org", "Hi", "<b>a</b>", is_html=True)
    plain, html = await mails(app)
    assert (plain["text"], plain["html"], plain["run_id"]) == ("a < b", None, 5)
    assert (plain["sender"], plain["recipient"], plain["subject"]) == ("App <app@example.org>", "bob@example.org", "Hi")
    assert (html["text"], html["html"]) == (None, "<b>a</b>")


@pytest.mark.parametrize(("to", "subject"), [("nobody", "Hi"), ("a@b.c", "Hi\nBcc: eve@example.org")])
async def test_what_cannot_be_a_mail_fails_the_run(app, to, subject):
    with pytest.raises(ValueError):
        await send_email(TestContext(app), to, subject, "body")
    assert await mails(app) == []


async def test_bulk_mail_is_one_row_for_each_recipient(app):
    ctx = TestContext(app)
    recipients = ["a@x.org", "b@x.org", "a@X.org", "not an address", " c@x.org "]
    result = await send_bulk_email(ctx, recipients, "News", "text")
    assert result == ctx.result == {"mailed": 3, "repeated": 1, "refused": 1}
    assert [mail["recipient"] for mail in await mails(app)] == ["a@x.org", "b@x.org", "c@x.org"]
    assert len({mail["message_id"] for mail in await mails(app)}) == 3
    assert ctx.items == Items(done=3, skipped=1, failed=1)


async def test_bulk_mail_to_nobody_who_can_be_mailed_fails(app):
    with pytest.raises(ValueError, match="none of the recipients"):
        await send_bulk_email(TestContext(app), ["x", "y"], "News", "text")


async def test_who_ends_within_the_days_is_reminded_once(app):
    await subscribe(app, ends_in=6 * DAY)
    ctx = TestContext(app)
    assert await send_expiry_reminders(ctx) == {"reminded": 1, "reminded_before": 0, "refused": 0}
    assert await send_expiry_reminders(TestContext(app)) == {"reminded": 0, "reminded_before": 1, "refused": 0}
    (mail,) = await mails(app)
    assert mail["kind"] == "subscription-reminder"
    assert mail["subject"].startswith("Your Gold subscription ends on ")
    assert ctx.items == Items(done=1)


async def test_a_renewed_subscription_is_reminded_of_its_new_end(app):
    await subscribe(app, ends_in=6 * DAY)
    await send_expiry_reminders(TestContext(app))
    await app.execute("update user_subscriptions set end_date = end_date + interval '1 hour'")
    assert (await send_expiry_reminders(TestContext(app)))["reminded"] == 1


@pytest.mark.parametrize(
    ("status", "ends_in"),
    [("Active", 8 * DAY), ("Active", -DAY), ("Trial", DAY), ("Expired", DAY), ("Cancelled", DAY)],
)
async def test_nobody_else_is_reminded(app, status, ends_in):
    await subscribe(app, ends_in=ends_in, status=status)
    assert (await send_expiry_reminders(TestContext(app)))["reminded"] == 0


async def test_a_subscriber_without_address_is_counted_and_stops_nobody(app):
    await subscribe(app, ends_in=DAY, email=None)
    await subscribe(app, ends_in=DAY)
    ctx = TestContext(app)
    assert await send_expiry_reminders(ctx, batch=1) == {"reminded": 1, "reminded_before": 0, "refused": 1}
    assert ctx.items == Items(done=1, failed=1)


async def test_the_number_of_days_is_an_argument(app):
    await subscribe(app, ends_in=20 * DAY)
    assert (await send_expiry_reminders(TestContext(app), days=30))["reminded"] == 1


async def test_a_reminder_says_whether_the_subscription_renews_itself(app):
    await subscribe(app, ends_in=DAY)
    second = await subscribe(app, ends_in=DAY)
    await app.execute("update user_subscriptions set auto_renewal = false where id = $1", second)
    await send_expiry_reminders(TestContext(app))
    renewing, ending = await mails(app)
    assert "nothing for you to do" in renewing["text"]
    assert "does not renew" in ending["text"]
