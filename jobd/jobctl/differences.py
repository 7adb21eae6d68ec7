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
    found += [f"warning: {warning}" for warning in changes["warnings"]]
    if not found:
        found = ["nothing is different"]
    elif changes["taken"]:
        code = "; a module that was imported before is read again by a restart only"
        found.append(f"taken over{code if any(changes['jobs'].values()) else ''}")
    else:
        found.append("nothing was changed: jobctl reload takes it over")
    return [display_safe(line) for line in found]


def _of(noun: str, difference: Row) -> list[str]:
    return [
        *(f"+ {noun} {name}" for name in difference["added"]),
        *(f"~ {noun} {name}: {', '.join(fields)}" for name, fields in difference["changed"].items()),
        *(f"- {noun} {name}" for name in difference["removed"]),
    ]
