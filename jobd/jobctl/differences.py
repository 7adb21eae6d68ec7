"""What a reload changed, or would, as people read it: + added, ~ changed, - removed."""

from __future__ import annotations

from jobd.jobctl.output import Row
from jobd.model.display import display_safe

NOUNS = (("job", "jobs"), ("schedule", "schedules"), ("queue", "queues"))


def lines(changes: Row) -> list[str]:
    """One line each; a word when nothing is different."""
    found = [line for noun, key in NOUNS for line in _of(noun, changes[key])]
    found += [f"~ {key}" for key in changes["settings"]]
    found += [f"! {key} waits for a restart (systemctl restart jobd)" for key in changes["restart"]]
    found += [f"! {_code(changes['code'])}"] if changes["code"] else []
    found += [f"warning: {warning}" for warning in changes["warnings"]]
    if not _different(changes):
        found.append("nothing else is different" if found else "nothing is different")
    elif changes["taken"]:
        found.append("taken over")
    else:
        found.append("nothing was changed: jobctl reload takes it over")
    return [display_safe(line) for line in found]


def _code(files: list[str]) -> str:
    restart = "systemctl restart jobd takes it over (runs under way end first)"
    return f"the code of {', '.join(files)} has changed: jobs go on with what was loaded; {restart}"


def _different(changes: Row) -> bool:
    named = any(part for _, key in NOUNS for part in changes[key].values())
    return bool(named or changes["settings"] or changes["restart"])


def _of(noun: str, difference: Row) -> list[str]:
    return [
        *(f"+ {noun} {name}" for name in difference["added"]),
        *(f"~ {noun} {name}: {', '.join(fields)}" for name, fields in difference["changed"].items()),
        *(f"- {noun} {name}" for name in difference["removed"]),
    ]
