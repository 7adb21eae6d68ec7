"""Expressions in plain English."""

from __future__ import annotations

import pytest

from jobd.model.cron import parse


@pytest.mark.parametrize(
    ("expression", "zone", "words"),
    [
        ("* * * * *", "UTC", "every minute"),
        ("*/30 * * * *", "UTC", "every 30 minutes"),
        ("0 2 * * *", "Africa/Cairo", "at 02:00 every day, Africa/Cairo"),
        ("@hourly", "Africa/Cairo", "every hour"),
        ("5 * * * *", "UTC", "at minute 5 of every hour"),
        ("*/10 * * * * *", "UTC", "every 10 seconds"),
        ("0 */2 * * *", "UTC", "every 2 hours, UTC"),
        ("0 9,17 * * 1-5", "UTC", "at 09:00 and 17:00 on Monday to Friday, UTC"),
        ("*/15 9-17 * * mon-fri", "UTC", "every 15 minutes in hour 9 to 17 on Monday to Friday, UTC"),
        ("0 0 * * 5#3", "UTC", "at 00:00 on the third Friday of the month, UTC"),
        ("0 22 L * *", "UTC", "at 22:00 on the last day of the month, UTC"),
        ("0 0 1 1,7 *", "UTC", "at 00:00 on day 1 of the month in January and July, UTC"),
        ("0 0 13 * 5", "UTC", "at 00:00 on day 13 of the month and also on Friday, UTC"),
        ("0 0 */15 * 5", "UTC", "at 00:00 on day 1, 16 and 31 of the month if it is also on Friday, UTC"),
        ("30 15 2 1 1 * 2030", "UTC", "at 02:15:30 on day 1 of the month in January in 2030, UTC"),
    ],
)
def test_words_for_people(expression: str, zone: str, words: str) -> None:
    assert parse(expression, timezone=zone).describe() == words
