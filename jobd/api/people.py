"""Roles of the people of this machine: by user and by all groups of that user, as `[control]` says.

SO_PEERCRED carries the primary group only, so the others come from the machine's own directory, which may be slow
(LDAP): it is asked on a thread, and its answer is kept for a while.
"""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.model.settings import ControlSettings, Names

KEPT_SECONDS = 30.0
"""Somebody who was taken out of a group may still act for so long."""
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """A user of this machine; `name` is absent for a number that stands in no directory."""

    name: str | None
    users: frozenset[str]
    """Its name and its number."""
    groups: frozenset[str]
    """Names and numbers of all its groups."""


class People:
    """(uid, gid) → role, for `[control]`."""

    def __init__(self, settings: ControlSettings, *, others_may_look: bool) -> None:
        self._settings = settings
        self._others = Role.VIEWER if others_may_look else None
        self._kept: dict[tuple[int, int], tuple[float, Person]] = {}

    async def role(self, uid: int, gid: int) -> Role | None:
        """The highest role that the user or one of its groups has; None for nobody."""
        if uid in (0, os.geteuid()):
            return Role.ADMIN
        person = await self._person(uid, gid)
        given = [*_roles(self._settings.users, person.users), *_roles(self._settings.groups, person.groups)]
        return max(given, default=self._others)

    async def _person(self, uid: int, gid: int) -> Person:
        asked, person = self._kept.get((uid, gid), (0.0, None))
        if person is None or time.monotonic() > asked + KEPT_SECONDS:
            person = await asyncio.to_thread(look_up, uid, gid)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[uid, gid] = (time.monotonic(), person)
        return person


def look_up(uid: int, gid: int) -> Person:
    """What the machine's directory knows of a user; a number that it does not know is only that number."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Person(None, frozenset({str(uid)}), frozenset(_group_names([gid])))
    groups = {gid, *os.getgrouplist(entry.pw_name, entry.pw_gid)}
    return Person(entry.pw_name, frozenset({str(uid), entry.pw_name}), frozenset(_group_names(groups)))


async def actor(uid: int, pid: int) -> Actor:
    """Who it is, for people to read in the journal: `uid:1000 (alice)`."""
    if uid not in _NAMES:
        if len(_NAMES) >= MOST_KEPT:
            _NAMES.clear()
        _NAMES[uid] = await asyncio.to_thread(_name, uid)
    return Actor(name=f"uid:{uid} ({name})" if (name := _NAMES[uid]) else f"uid:{uid}", uid=uid, pid=pid)


_NAMES: dict[int, str | None] = {}


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _group_names(gids: Iterable[int]) -> Iterator[str]:
    for gid in gids:
        yield str(gid)
        try:
            yield grp.getgrgid(gid).gr_name
        except KeyError:
            continue


def _roles(names: Names, whose: frozenset[str]) -> Iterator[Role]:
    for role, given in ((Role.VIEWER, names.viewer), (Role.OPERATOR, names.operator), (Role.ADMIN, names.admin)):
        if whose.intersection(given):
            yield role
