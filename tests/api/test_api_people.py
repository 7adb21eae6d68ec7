"""Who may what on the Unix socket: real processes under other uids and groups against every route."""

from __future__ import annotations

import asyncio
import grp
import json
import logging
import os
import pwd
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from serving import SmallDaemon, served

from jobd.api import people as people_of
from jobd.api.people import People, look_up
from jobd.api.routes import ROUTES
from jobd.model.roles import Role
from jobd.model.settings import ControlSettings, Names
from jobd.testing.postgres import open_directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# Each line of stdin is a request; each answer's status is a line of stdout.
ASKING = """
import os, socket, sys
uid, gid, groups = int(sys.argv[2]), int(sys.argv[3]), [int(g) for g in sys.argv[4].split(",") if g]
if os.geteuid() == 0: os.setgroups(groups); os.setgid(gid); os.setuid(uid)
for line in sys.stdin:
    method, path = line.split()
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(sys.argv[1])
        s.sendall(f"{method} {path} HTTP/1.1\\r\\nHost: jobd\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
        print(s.recv(4096).split()[1].decode(), flush=True)
"""

REQUESTS = [
    (route.method, route.path.replace("{id:[0-9]{1,19}}", "1").replace("{name}", "none"), route.role)
    for route in ROUTES
]


@asynccontextmanager
async def site(daemon: SmallDaemon, settings: ControlSettings, *, production: bool = True) -> AsyncIterator[Path]:
    """The API on a socket that everybody can reach: only the server's own check stands in between."""
    people = People(settings, others_may_look=not production)
    with open_directory() as directory:
        async with served(daemon, directory / "s.sock", role_of=people.role):
            (directory / "s.sock").chmod(0o666)
            yield directory / "s.sock"


async def statuses(path: Path, uid: int, gid: int, groups: Sequence[int] = ()) -> list[int]:
    """How each of `REQUESTS` is answered to a process of this user."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASKING, str(path), str(uid), str(gid), ",".join(map(str, groups)),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    asked = "".join(f"{method} {target}\n" for method, target, _ in REQUESTS)
    out, _ = await process.communicate(asked.encode())
    assert process.returncode == 0
    return [int(line) for line in out.split()]


def allowed(found: list[int]) -> set[tuple[str, str]]:
    """Which requests were not refused; whether they then found anything is another matter."""
    assert len(found) == len(REQUESTS)
    return {(method, path) for (method, path, _), status in zip(REQUESTS, found, strict=True) if status != 403}


def up_to(role: Role | None) -> set[tuple[str, str]]:
    return {(method, path) for method, path, needed in REQUESTS if role is not None and needed <= role}


SOMEBODY = 61234
"""A uid that stands in no directory."""


@as_root
@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_a_user_by_number_may_what_its_role_says_and_nothing_else(daemon: SmallDaemon, role: Role | None) -> None:
    names = Names(**{str(role): (str(SOMEBODY),)}) if role else Names()
    async with site(daemon, ControlSettings(users=names)) as path:
        assert allowed(await statuses(path, SOMEBODY, SOMEBODY)) == up_to(role)


async def test_the_log_says_who_asked_for_what_and_from_which_process(
    daemon: SmallDaemon, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(daemon, ControlSettings()) as path:
        with caplog.at_level(logging.INFO, "jobd.api"):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", ASKING, str(path), *map(str, (os.geteuid(), os.getegid(), os.getegid())),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            await process.communicate(b"GET /v1/queues\nPOST /v1/queues/low/pause\n")
    (line,) = [record for record in caplog.records if record.message == "asked"]  # who only looks is not told
    asked = vars(line)
    assert (asked["pid"], asked["request"]) == (process.pid, "POST /v1/queues/low/pause")
    assert asked["by"].startswith(f"uid:{os.geteuid()}")


@as_root
async def test_in_development_others_may_look_and_in_production_nobody(daemon: SmallDaemon) -> None:
    async with site(daemon, ControlSettings(), production=False) as path:
        assert allowed(await statuses(path, SOMEBODY, SOMEBODY)) == up_to(Role.VIEWER)
    async with site(daemon, ControlSettings(), production=True) as path:
        assert allowed(await statuses(path, SOMEBODY, SOMEBODY)) == set()


@as_root
async def test_the_primary_group_of_a_process_counts_and_a_claimed_further_one_does_not(daemon: SmallDaemon) -> None:
    """The kernel tells the primary group; further ones are looked up, so that nobody can bring their own."""
    settings = ControlSettings(groups=Names(operator=("61500",)))
    async with site(daemon, settings) as path:
        assert allowed(await statuses(path, SOMEBODY, 61500)) == up_to(Role.OPERATOR)
        assert allowed(await statuses(path, SOMEBODY + 1, 61501, [61500])) == set()


def in_a_further_group() -> tuple[pwd.struct_passwd, str] | None:
    """A user of this machine with a group that is not its primary one."""
    for group in grp.getgrall():
        for name in group.gr_mem:
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            if user.pw_gid != group.gr_gid and user.pw_uid:
                return user, group.gr_name
    return None


@as_root
async def test_all_groups_of_a_user_count(daemon: SmallDaemon, monkeypatch) -> None:
    if (found := in_a_further_group()) is not None:
        user, group = found
    else:  # a machine without one: the directory's answer is made, the process and the socket are real
        user, group = pwd.getpwnam("nobody"), "mail"
        gid = grp.getgrnam(group).gr_gid
        monkeypatch.setattr(os, "getgrouplist", lambda name, primary: [primary, gid])
    async with site(daemon, ControlSettings(groups=Names(viewer=(group,)))) as path:
        assert allowed(await statuses(path, user.pw_uid, user.pw_gid)) == up_to(Role.VIEWER)


@as_root
async def test_a_stream_of_events_ends_when_its_group_may_look_no_more(daemon: SmallDaemon, monkeypatch) -> None:
    user, groups = pwd.getpwnam("nobody"), [grp.getgrnam("mail").gr_gid]
    monkeypatch.setattr(people_of, "KEPT_SECONDS", -1.0)
    monkeypatch.setattr(os, "getgrouplist", lambda name, primary: [primary, *groups])
    status = "print(s.recv(4096).split()[1].decode(), flush=True)"
    asking = ASKING.replace(status, "sys.stdout.writelines(s.makefile())")
    async with site(daemon, ControlSettings(groups=Names(viewer=("mail",)))) as path:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-c", asking, str(path), str(user.pw_uid), str(user.pw_gid), "",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"GET /v1/events\n")
        process.stdin.write_eof()
        async with asyncio.timeout(20):
            await process.stdout.readuntil(b"event: snapshot")
            daemon.feed.publish("node.joined", node=1)
            await process.stdout.readuntil(b"event: node.joined")
            groups.clear()
            daemon.feed.publish("node.left", node=1)
            assert b"node.left" not in await process.stdout.read()
            assert await process.wait() == 0


@as_root
async def test_the_highest_role_counts_and_a_user_is_found_by_name(daemon: SmallDaemon) -> None:
    nobody = pwd.getpwnam("nobody")
    group = grp.getgrgid(nobody.pw_gid).gr_name
    settings = ControlSettings(users=Names(viewer=("nobody",), operator=("root",)), groups=Names(operator=(group,)))
    async with site(daemon, settings) as path:
        assert allowed(await statuses(path, nobody.pw_uid, nobody.pw_gid)) == up_to(Role.OPERATOR)


async def test_root_and_the_daemons_own_user_are_admins_whatever_the_lists_say() -> None:
    people = People(ControlSettings(users=Names(viewer=("root",))), others_may_look=False)
    assert await people.role(0, 0) is Role.ADMIN
    assert await people.role(os.geteuid(), 12345) is Role.ADMIN


def test_a_number_that_the_machine_does_not_know_is_only_that_number() -> None:
    person = look_up(SOMEBODY, 61500)
    assert (person.name, person.users, person.groups) == (None, frozenset({"61234"}), frozenset({"61500"}))


@as_root
async def test_a_refusal_names_who_and_what_it_takes(daemon: SmallDaemon) -> None:
    asking = ASKING.replace("recv(4096).split()[1]", "makefile('rb').read()")
    async with site(daemon, ControlSettings()) as path:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", asking, str(path), str(SOMEBODY), str(SOMEBODY), "",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate(b"POST /v1/queues/low/pause\n")
    error = json.loads(out.split(b"\r\n\r\n")[1].splitlines()[0])["error"]
    assert error["code"] == "forbidden"
    assert f"uid:{SOMEBODY}" in error["message"] and "operator" in error["message"]
