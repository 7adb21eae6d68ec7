"""The daemon in one short line, for shell prompts and for the status line of tmux: `jobd ● 3 running 12 queued …`."""

from __future__ import annotations

from jobd.jobctl.failures import NO_DAEMON, NOT_PERMITTED, Failure
from jobd.jobctl.output import Row
from jobd.jobctl.words import count
from jobd.model.display import display_safe

_MARKS = {"ready": ("●", "green"), "warned": ("●", "yellow"), "not ready": ("▲", "red"), "unseen": ("✖", "red")}
_UNSEEN = {NO_DAEMON: "no daemon", NOT_PERMITTED: "not permitted"}


def seen(status: Row) -> Row:
    """What is worth a glance of `/v1/status`; the counts are null while Postgres does not answer."""
    counts, notices = status["counts"] or {}, status["health"]["notices"]
    silent = ["no_database"] if status["store_error"] else []
    return {
        "ready": status["ready"] and not silent,
        "state": status["health"]["state"],
        "errors": [*silent, *(notice["code"] for notice in notices if notice["level"] == "error")],
        "warnings": [notice["code"] for notice in notices if notice["level"] == "warning"],
        "running": counts.get("running"),
        "queued": counts.get("queued"),
        "retrying": counts.get("retrying"),
        "failed_last_hour": counts["hour"]["failed"] if counts else None,
    }


def unseen(failure: Failure) -> Row:
    """No daemon answered, or not to us."""
    return {"ready": False, "state": _UNSEEN.get(failure.exit_code, "no answer"), "running": None, "unseen": True}


def lines(glance: Row, *, tmux: bool) -> list[str]:
    """The one line; with `tmux`, its mark in tmux's colours."""
    mark, colour = _MARKS[_mood(glance)]
    words = display_safe(" ".join(_words(glance)))
    if not tmux:
        return [f"jobd {mark} {words}"]
    words = words.replace("#", "##")  # else tmux would take it for a format
    return [f"jobd #[fg={colour}]{mark}#[fg=default] {words}"]


def _mood(glance: Row) -> str:
    if glance.get("unseen"):
        return "unseen"
    if not glance["ready"]:
        return "not ready"
    return "warned" if glance["warnings"] else "ready"


def _words(glance: Row) -> list[str]:
    """The trouble first, then the counts, where they are known."""
    words = []
    if glance.get("unseen") or glance["state"] != "running":
        words.append(str(glance["state"]))
    if glance.get("errors"):
        words.append(f"not ready ({', '.join(glance['errors'])})")
    elif glance.get("warnings"):
        words.append(f"warned ({', '.join(dict.fromkeys(glance['warnings']))})")
    if glance["running"] is not None:
        failed = f"{glance['failed_last_hour']:,} failed/1h"
        retrying = [f"{count(glance['retrying'])} retrying"] if glance["retrying"]["count"] else []
        words += [f"{glance['running']:,} running", f"{count(glance['queued'])} queued", *retrying, failed]
    return words
