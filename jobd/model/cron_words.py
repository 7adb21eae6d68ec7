"""A cron expression in plain English: "every 15 minutes", "at 02:00 every day, Africa/Cairo"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobd.model.cron_days import MonthDays, WeekDays
from jobd.model.cron_syntax import CronFields

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
MOST_TIMES = 6
"""Beyond so many times of day a list says less than a rule."""


def words(fields: CronFields, timezone: str) -> str:
    """When it is due; the zone is named where it matters."""
    time = _time(fields)
    days = _days(fields)
    months = _months(fields)
    any_time = len(fields.hours) == 24 and not days and not months
    if any_time:
        return time
    day = days or ("every day" if time.startswith("at ") and not months else "")
    return " ".join(filter(None, (time, day, months))) + f", {timezone}"


def _time(fields: CronFields) -> str:
    hours, minutes, seconds = fields.hours, fields.minutes, fields.seconds
    if len(hours) * len(minutes) * len(seconds) <= MOST_TIMES:
        exact = seconds != (0,)
        return "at " + _and(
            [
                f"{hour:02}:{minute:02}" + (f":{second:02}" if exact else "")
                for hour in hours
                for minute in minutes
                for second in seconds
            ]
        )
    return " ".join(filter(None, (_within_hour(minutes, seconds, hours), _hours(hours, minutes, seconds))))


def _within_hour(minutes: tuple[int, ...], seconds: tuple[int, ...], hours: tuple[int, ...]) -> str:
    if seconds != (0,):
        second = _every(seconds, 60, "second") or f"at second {_numbers(seconds)}"
        if len(minutes) == 60:
            return second if second.startswith("every") else f"{second} of every minute"
        return f"{second} of minute {_numbers(minutes)}"
    if every := _every(minutes, 60, "minute"):
        return every
    if minutes == (0,):
        return _every(hours, 24, "hour") or "on the hour"
    return f"at minute {_numbers(minutes)}"


def _hours(hours: tuple[int, ...], minutes: tuple[int, ...], seconds: tuple[int, ...]) -> str:
    every = _every(hours, 24, "hour")
    if (minutes, seconds) == ((0,), (0,)) and every:
        return ""  # said already
    if len(hours) == 24:
        return "" if _every(minutes, 60, "minute") else "of every hour"
    return f"of {every}" if every else f"in hour {_numbers(hours)}"


def _every(numbers: tuple[int, ...], whole: int, unit: str) -> str:
    """ "every 15 minutes" when the numbers go round evenly from 0; empty when they do not."""
    step = whole // len(numbers)
    if len(numbers) < 2 or numbers != tuple(range(0, whole, step)):
        return ""
    return f"every {unit}" if step == 1 else f"every {step} {unit}s"


def _days(fields: CronFields) -> str:
    by_month, by_week = _month_days(fields.month_days), _week_days(fields.week_days)
    if not (by_month and by_week):
        return by_month or by_week
    both = fields.month_days.starred or fields.week_days.starred
    return f"{by_month} {'if it is also' if both else 'and also'} {by_week}"


def _month_days(field: MonthDays) -> str:
    if len(field.days) == 31:
        return ""
    found = [f"day {_numbers(sorted(field.days))}"] if field.days else []
    found += [f"the weekday nearest to day {day}" for day in sorted(field.nearest)]
    found += ["the last day" if not n else f"{n} days before the last day" for n in sorted(field.from_end)]
    found += ["the last weekday (Monday to Friday)"] if field.last_workday else []
    return f"on {_and(found)} of the month"


def _week_days(field: WeekDays) -> str:
    if len(field.days) == 7:
        return ""
    found = [_names(sorted(field.days), lambda day: WEEKDAYS[day])] if field.days else []
    found += [f"the {ORDINALS[n - 1]} {WEEKDAYS[day]} of the month" for day, n in sorted(field.nth)]
    found += [f"the last {WEEKDAYS[day]} of the month" for day in sorted(field.last)]
    return f"on {_and(found)}"


def _months(fields: CronFields) -> str:
    named = _names(fields.months, lambda month: MONTHS[month - 1])
    months = "" if len(fields.months) == 12 else f"in {named}"
    years = "" if fields.years is None else "in " + _numbers(fields.years)
    return " ".join(filter(None, (months, years)))


def _numbers(numbers: Sequence[int]) -> str:
    return _names(numbers, str)


def _names(numbers: Sequence[int], name: Callable[[int], str]) -> str:
    """A list in words, three and more in a row as a range."""
    parts: list[str] = []
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    for run in runs:
        parts += [f"{name(run[0])} to {name(run[-1])}"] if len(run) > 2 else [name(number) for number in run]
    return _and(parts)


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
