"""The examples of docs/client.md and docs/sql.md, run as they stand against a real daemon and its database."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from support.served import serving
from support.waiting import until

from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database

DOCS = Path(__file__).parents[2] / "docs"
JOBS = '[jobs.{}]\ncommand = ["cat"]\n'
DAEMON = """
[daemon]
name = "docs"
state_directory = "{place}"
socket = "{place}/jobd.sock"
poll = "200ms"
[database]
url = "{url}"
[queues]
default = {{}}
urgent = {{}}
""" + "".join(JOBS.format(name) for name in ("greet", "send-invoice", "send-reminder"))


def examples(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
async def environ(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Where the daemon and its database are, as an application is told."""
    place = tmp_path_factory.mktemp("docs")
    place.chmod(0o700)
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        connection = await asyncpg.connect(url)
        await connection.execute("create table orders (id int primary key, total numeric)")
        async with serving(DAEMON.format(place=place, url=url)):
            await until(lambda: connection.fetchval("select 1 from jobd.nodes where not lost"), what="a node")
            yield {**os.environ, "JOBD_SOCKET": str(place / "jobd.sock"), "DATABASE_URL": url}
        await connection.close()


@pytest.mark.parametrize("example", examples("client.md", "python"))
async def test_an_example_in_python_runs_as_it_stands(environ: dict[str, str], example: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", example, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out.decode().strip()


async def test_the_examples_do_what_their_words_say(environ: dict[str, str]) -> None:
    """After the ones above; each enqueued what it says."""
    connection = await asyncpg.connect(environ["DATABASE_URL"])
    names = await connection.fetch("select distinct args ->> 'name' as name from jobd.runs_all where job = 'greet'")
    await connection.close()
    assert {"Ada", "Grace", "n0", "n2499", "order 17", "a", "b", "order 18"} <= {row["name"] for row in names}


@pytest.mark.parametrize("example", examples("sql.md", "sql"))
async def test_an_example_in_sql_runs_as_it_stands(environ: dict[str, str], example: str) -> None:
    connection = await asyncpg.connect(environ["DATABASE_URL"])
    try:
        if "grant" in example:  # roles belong to the whole server: tests/store/test_roles.py makes and drops them
            assert "jobd_enqueue" in example and "jobd_owner" in example
        else:
            await connection.execute(example)
    finally:
        await connection.close()


def test_all_examples_are_found() -> None:
    assert (len(examples("client.md", "python")), len(examples("sql.md", "sql"))) == (5, 6)


async def test_the_page_names_every_parameter_of_each_function_in_order(environ: dict[str, str]) -> None:
    connection = await asyncpg.connect(environ["DATABASE_URL"])
    rows = await connection.fetch(
        "select proname, proargnames from pg_proc where pronamespace = 'jobd'::regnamespace"
        " and proname in ('enqueue', 'enqueue_many', 'cancel')"
    )
    await connection.close()
    page = (DOCS / "sql.md").read_text()
    for row in rows:
        said = re.search(rf"`jobd\.{row['proname']}\(([^)]*)\) → ", page)
        assert said, row["proname"]
        assert [word.split()[0] for word in said[1].split(",")] == row["proargnames"]
