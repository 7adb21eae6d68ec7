"""Many runs at once, found by a filter: counted first, asked about, changed by the daemon in batches, watched."""

from __future__ import annotations

import sys
import time

from jobd.jobctl.confirm import how_sure, sure
from jobd.jobctl.failures import CANCELLED, DONE, FAILED, INTERRUPTED, Failure
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import said
from jobd.jobctl.words import count as counted
from jobd.model.display import display_safe

LOOK_SECONDS = 0.2
_DONE_TO = {"retry": "retried", "cancel": "cancelled", "move": "moved"}


def change_all(
    daemon: Daemon,
    output: Output,
    *,
    action: str,
    filter_text: str,
    yes: bool,
    reason: str | None = None,
    queue: str | None = None,
) -> int:
    """The exit code once all runs that the filter found have been dealt with.

    Raises:
        Failure: nobody said yes, the set has grown meanwhile (conflict), or the filter is wrong.
    """
    found = daemon.get("/v1/runs/count", filter=filter_text, action=action)
    if not found["count"]:
        return _nobody(output, action, filter_text)
    from jobd.model.bulk import EVERY  # with what it needs, too much for every start

    many = f"{counted(found)} {'run' if found['count'] == 1 else 'runs'}"
    where = f" to queue {queue}" if queue else ""
    sure(f"{action} {many}{where} ({filter_text})?", yes=yes, typed=how_sure(found["count"]))
    expected = EVERY if found["more"] else found["count"]
    body = {"action": action, "filter": filter_text, "expected_count": expected, "reason": reason}
    return watched(daemon, daemon.post("/v1/runs/bulk", said({**body, "to": queue})), output)


def _nobody(output: Output, action: str, filter_text: str) -> int:
    """Says so; to programs as a bulk that found nothing."""
    if output.form != "id":
        none = dict.fromkeys(("expected", "matched", "seen", "changed"), 0)
        bulk = {"id": None, "action": action, "filter": filter_text, "state": "done", **none}
        output.one(bulk, _lines, key="id")
    return DONE


def watched(daemon: Daemon, bulk: Row, output: Output) -> int:
    """Follow a bulk to its end."""
    try:
        while bulk["state"] == "running":
            _progress(bulk, output)
            time.sleep(LOOK_SECONDS)
            bulk = daemon.get(f"/v1/bulk/{bulk['id']}")
    except KeyboardInterrupt:
        hint = f"jobctl api POST /v1/bulk/{bulk['id']}/cancel"
        raise Failure(INTERRUPTED, "interrupted", f"no longer watching; bulk {bulk['id']} goes on", hint) from None
    finally:
        if _shows(output):
            sys.stderr.write("\r\x1b[K")
    output.one(bulk, _lines, key="id")
    return {"done": DONE, "cancelled": CANCELLED}.get(bulk["state"], FAILED)


def _lines(bulk: Row) -> list[str]:
    if not bulk["matched"]:
        words = f"no run that can be {_DONE_TO[bulk['action']]} matches {bulk['filter']}: nothing was changed"
        return [display_safe(words)]
    rest = bulk["seen"] - bulk["changed"]
    left = f", {rest:,} were not in a state for it" if rest else ""
    error = f": {bulk['error']}" if bulk.get("error") else ""
    changed = f"{bulk['changed']:,} of {bulk['matched']:,} runs"
    return [display_safe(f"{bulk['action']} {bulk['state']}: {changed}{left}{error}")]


def _progress(bulk: Row, output: Output) -> None:
    if _shows(output):
        sys.stderr.write(f"\r{bulk['seen']:,} of {bulk['matched']:,} …\x1b[K")
        sys.stderr.flush()


def _shows(output: Output) -> bool:
    return not output.for_programs and not output.quiet and sys.stderr.isatty()
