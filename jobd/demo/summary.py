"""How the demo ended: a table for people, one line of JSON for programs, and what was not as expected."""

from __future__ import annotations

import json
from typing import Any

from jobd.demo.check import Report
from jobd.demo.claims import Claim


def as_json(report: Report, first_run_seconds: float | None) -> str:
    """One object in one line."""
    facts: dict[str, Any] = {
        "runs": report.runs.by_job,
        "subscriptions": {"ended": report.subscriptions.ended, "expired": report.subscriptions.expired},
        "mails": dict(sorted(report.mails.by_kind.items())),
        "mail_duplicates": report.mails.duplicates,
        "payments": report.payments.outcomes,
        "audit_rows": {"old": report.audit_rows.old, "deleted": report.audit_rows.deleted},
        "invoices": {"wanted": report.invoices.wanted, "written": report.invoices.written},
        "retries": report.runs.retries,
        "staged_failures": report.runs.staged,
        "by_hand": report.by_hand.as_json(),
        "first_run_seconds": first_run_seconds,
    }
    return json.dumps(facts)


def table(report: Report, first_run_seconds: float | None) -> list[str]:
    """The same for people, line by line."""
    outcomes = [(f"payments {status}", n["expected"], n["found"]) for status, n in report.payments.outcomes.items()]
    rows = [
        ("subscriptions expired", report.subscriptions.ended, report.subscriptions.expired),
        ("mails accepted", report.mails.wanted.total(), report.mails.arrived),
        ("mails accepted twice", 0, report.mails.duplicates),
        *outcomes,
        ("old audit rows deleted", report.audit_rows.old, report.audit_rows.deleted),
        *([("invoices written", report.invoices.wanted, report.invoices.written)] if report.invoices.wanted else []),
    ]
    first = "no run ended" if first_run_seconds is None else f"the first run ended after {first_run_seconds:.1f} s"
    return [
        "",
        f"{'':<32}{'expected':>10}{'found':>10}",
        *(f"{what:<32}{expected:>10,}{found:>10,}" for what, expected, found in rows),
        "",
        *(_run_line(job, states) for job, states in report.runs.by_job.items()),
        f"{report.runs.retries} attempts were retries, {report.runs.staged} failed for good, as staged; {first}",
        *by_hand(report),
    ]


def by_hand(report: Report) -> list[str]:
    """What somebody did, and what is otherwise than planned since; empty when the demo was only looked at."""
    if not report.by_hand.told:
        return []
    yours = [claim for claim in report.unmet if report.by_hand.excuses(claim)]
    so = "; what is otherwise than planned is yours:" if yours else ": everything planned was found all the same"
    return ["", f"you {report.by_hand.told}{so}", *(f"  {claim}" for claim in yours)]


def _run_line(job: str, states: dict[str, int]) -> str:
    return f"{job:<32}{', '.join(f'{count} {state}' for state, count in states.items())}"


def failures(unmet: list[Claim]) -> list[str]:
    """Why the demo failed, line by line; empty when it did not."""
    return [f"jobd demo: not as expected: {claim}" for claim in unmet]
