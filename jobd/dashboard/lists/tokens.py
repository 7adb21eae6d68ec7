"""The columns of tokens: what each may, until when, and who made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import TOKENS, Cell, Eye, Tone, state
from jobd.dashboard.words.facts import facts
from jobd.dashboard.words.moments import far
from jobd.model.change import Action, AuditEntry
from jobd.model.token import TokenReport

SOON = timedelta(days=7)
"""Whoever needs a new one by then has to be told."""
LONGEST_NAME = 22
"""What the smallest terminal has room for beside the columns that stay."""
ORDER = ("valid", "expired", "revoked")
ROLES: Mapping[str, tuple[str, Tone]] = {
    "viewer": ("looks at everything, changes nothing", Tone.DIM),
    "operator": ("looks, and triggers, cancels, retries, pauses", Tone.PLAIN),
    "admin": ("does everything, tokens and configuration too", Tone.NAME),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A token, and what the journal knows of it."""

    token: TokenReport
    made_by: str | None = None
    """Absent once the journal has forgotten it."""
    revoked_by: str | None = None

    @property
    def name(self) -> str:
        return self.token.name


def standing(token: TokenReport, now: datetime) -> str:
    """`valid`, or why it opens nothing."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "valid"


def lines(tokens: Iterable[TokenReport], journal: Iterable[AuditEntry], now: datetime) -> list[Line]:
    """Those that open a door first, each part by name; `journal` is newest first."""
    by: dict[tuple[str, str], AuditEntry] = {}
    for entry in journal:
        by.setdefault((entry.action, entry.target), entry)
    found = [_line(token, by) for token in tokens]
    return sorted(found, key=lambda line: (ORDER.index(standing(line.token, now)), line.name))


def _line(token: TokenReport, by: Mapping[tuple[str, str], AuditEntry]) -> Line:
    made, revoked = (by.get((str(action), token.name)) for action in (Action.TOKEN_ADD, Action.TOKEN_REVOKE))
    return Line(
        token=token,
        made_by=made.actor if made is not None else None,
        revoked_by=revoked.actor if revoked is not None and token.revoked_at is not None else None,
    )


def ends(token: TokenReport, eye: Eye) -> Cell:
    """How far its end is, or was."""
    if token.revoked_at is not None:
        return far(token.revoked_at, eye.now), Tone.DIM
    if token.expires_at is None:
        return "never", Tone.DIM
    if token.expires_at <= eye.now:
        return far(token.expires_at, eye.now), Tone.DIM
    near = token.expires_at - eye.now < SOON
    return f"{'! ' if near else ''}{far(token.expires_at, eye.now)}", Tone.WARN if near else Tone.PLAIN


def _name(line: Line, eye: Eye) -> Cell:
    return line.name, Tone.NAME if standing(line.token, eye.now) == "valid" else Tone.DIM


def _role(line: Line, eye: Eye) -> Cell:
    valid = standing(line.token, eye.now) == "valid"
    return line.token.role, ROLES.get(line.token.role, ("", Tone.PLAIN))[1] if valid else Tone.DIM


def columns(names: Iterable[str]) -> tuple[Column[Line], ...]:
    """Those of a list of these names, none of which is cut before other columns have gone."""
    name = min(LONGEST_NAME, max((len(one) for one in names), default=0))
    return (
        Column(title="STATE", width=9, cell=lambda line, eye: state(TOKENS, standing(line.token, eye.now), eye)),
        Column(title="NAME", width=max(12, name), grow=3, cell=_name),
        Column(title="ROLE", width=8, cell=_role),
        Column(title="ENDS", width=11, cell=lambda line, eye: ends(line.token, eye)),
        Column(title="MADE", width=10, keep=5, cell=lambda line, eye: (far(line.token.created_at, eye.now), Tone.DIM)),
        Column(title="BY", width=16, grow=2, keep=6, cell=lambda line, eye: (line.made_by or "", Tone.DIM)),
    )


def whole(line: Line, eye: Eye) -> list[Cell]:
    """All that is known of it; its text is not."""
    token = line.token
    expires = "never: it lasts until it is revoked" if token.expires_at is None else _by(token.expires_at, None, eye)
    return facts(
        [
            ("state", state(TOKENS, standing(token, eye.now), eye)),
            ("role", f"{token.role}: {ROLES[token.role][0]}" if token.role in ROLES else token.role),
            ("made", _by(token.created_at, line.made_by, eye)),
            ("expires", expires),
            ("revoked", _by(token.revoked_at, line.revoked_by, eye) if token.revoked_at else None),
            ("text", ("nobody can look it up: only a hash of it is kept", Tone.DIM)),
        ]
    )


def _by(when: datetime, who: str | None, eye: Eye) -> str:
    said = f", by {who}" if who else ""
    return f"{when:%Y-%m-%d %H:%M} UTC, {far(when, eye.now)}{said}"


def searched(line: Line, eye: Eye) -> str:
    """What a word is looked for in, in small letters."""
    return f"{line.name} {line.token.role} {standing(line.token, eye.now)} {line.made_by or ''}".lower()
