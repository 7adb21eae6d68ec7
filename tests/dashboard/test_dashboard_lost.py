"""A daemon that dies, comes back, or loses its database: what was known stays, with its age and the reason."""

from __future__ import annotations

from pathlib import Path

from support.daemons import processes
from support.dashboards import looking
from support.proxy import proxied
from support.strangers import as_root, stranger

from jobd.dashboard.live.link import Link
from jobd.testing.postgres import fresh_database

NOOP = """
[jobs.noop]
command = ["true"]
"""


async def test_a_daemon_that_was_killed_and_comes_back_is_looked_at_again(postgres_url: str, tmp_path: Path) -> None:
    async with fresh_database(postgres_url) as url, processes(tmp_path, url, more=NOOP) as (daemon,):
        await daemon.start()
        await daemon.add("noop")
        async with looking(daemon.socket, screen="runs") as eyes:
            await eyes.until("✓ succeeded")
            await daemon.kill()
            await eyes.until("LOST")
            await eyes.until("noop")
            await eyes.until("old")
            assert eyes.page.has_class("-stale")
            await daemon.start()
            await eyes.until_gone("LOST")
            await daemon.add("noop")
            await eyes.until(lambda: eyes.text.count("✓ succeeded") == 2)


async def test_a_dashboard_may_be_there_before_its_daemon(postgres_url: str, tmp_path: Path) -> None:
    async with (
        fresh_database(postgres_url) as url,
        processes(tmp_path, url, more=NOOP) as (daemon,),
        looking(daemon.socket, screen="runs") as eyes,
    ):
        await eyes.until("been heard yet")
        await daemon.start()
        await eyes.until("● ready")


async def test_a_database_that_is_away_is_named_and_the_list_stays(postgres_url: str, tmp_path: Path) -> None:
    async with (
        fresh_database(postgres_url) as url,
        proxied(url) as proxy,
        processes(tmp_path, proxy.url, more=NOOP) as (daemon,),
    ):
        await daemon.start()
        await daemon.add("noop")
        async with looking(daemon.socket, screen="runs") as eyes:
            await eyes.until("✓ succeeded")
            proxy.cut()
            await eyes.until("LOST")
            await eyes.until("Postgres")
            await eyes.until("noop")
            proxy.mend()
            await eyes.until_gone("LOST")


@as_root
async def test_a_socket_served_by_a_stranger_is_not_spoken_to(tmp_path: Path) -> None:
    async with stranger(tmp_path / "jobd.sock") as other:
        link = Link(socket=str(tmp_path / "jobd.sock"), token="jobd_the-token-of-somebody")
        async with looking(link) as eyes:
            assert await other.heard() == b""
            await eyes.until("is served by uid 65534")
            assert await other.heard() == b"", "nor when it tries again"
