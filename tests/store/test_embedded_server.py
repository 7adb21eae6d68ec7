"""jobd's own Postgres from the outside: it starts, lets the right people in, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path

import asyncpg
import pytest

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import embedded_postgres, files, occupied, process
from jobd.store.embedded.account import account_for
from jobd.store.embedded.configuration import quoted
from jobd.testing.postgres import open_directory

SETTINGS = EmbeddedSettings()
ACCOUNT = account_for(SETTINGS, demo=True)


@pytest.fixture(scope="module")
def state():
    with open_directory() as directory:
        yield directory


async def answer(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_a_new_database_is_private_checked_and_off_the_network(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        assert postgres.data == state / "postgres"
        assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700
        assert postgres.data.stat().st_uid == ACCOUNT.uid
        assert await answer(postgres.url, "show data_checksums") == "on"
        assert await answer(postgres.url, "show listen_addresses") == ""
        assert await answer(postgres.url, "show fsync") == "on"
        assert await answer(postgres.url, "select current_user || ' ' || current_database()") == "jobd jobd"
        assert await answer(postgres.url, "select pg_encoding_to_char(encoding) from pg_database limit 1") == "UTF8"


async def test_letters_of_all_languages_have_a_case(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        assert await answer(postgres.url, "select upper('straße é я')") in ("STRASSE É Я", "STRAßE É Я")


async def test_what_was_written_is_there_at_the_next_start_and_no_process_outlives_the_block(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        await answer(postgres.url, "create table if not exists kept as select 42 as value")
        assert postgres.pid in occupied.residents(postgres.data)
    assert occupied.residents(postgres.data) == []
    assert "database system is shut down" in files.tail(postgres.data / "postgres.log", 500)
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        assert await answer(postgres.url, "select value from kept") == 42


async def test_stopping_cuts_the_sessions_of_others(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        guest = await asyncpg.connect(postgres.url)
        sleeping = asyncio.create_task(guest.execute("select pg_sleep(600)"))
        assert await answer(postgres.url, "select true")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await sleeping
    guest.terminate()


async def test_an_error_of_the_block_comes_out_as_it_is_and_postgres_stops(state):
    with pytest.raises(LookupError, match="mine"):
        async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
            raise LookupError("mine")
    assert occupied.residents(postgres.data) == []


async def test_settings_of_the_operator_come_last_and_are_quoted(state):
    settings = EmbeddedSettings(
        settings={
            "shared_preload_libraries": "pg_stat_statements",
            "cluster_name": "it's a \\ name",
            "work_mem": "5MB",
        }
    )
    async with embedded_postgres(settings, state, demo=True, durable=False) as postgres:
        assert await answer(postgres.url, "show cluster_name") == "it's a \\ name"
        assert await answer(postgres.url, "show work_mem") == "5MB"
        assert await answer(postgres.url, "show shared_preload_libraries") == "pg_stat_statements"
        assert await answer(postgres.url, "show fsync") == "off"  # durable=False


@pytest.mark.parametrize("name", ["port", "unix_socket_directories", "Data_Directory", "work_mem = 1 #", "a\nb", ""])
async def test_a_setting_that_is_ours_or_no_name_is_refused(state, name):
    with pytest.raises(EmbeddedPostgresError, match=r"\[database\.embedded\.settings\]"):
        async with embedded_postgres(EmbeddedSettings(settings={name: "1"}), state, demo=True):
            pass


async def test_a_server_that_does_not_start_says_why_in_its_own_words(state):
    settings = EmbeddedSettings(settings={"shared_buffers": "plenty"})
    with pytest.raises(EmbeddedPostgresError, match=r"postgres\.log.*(?s:.*)shared_buffers.*plenty"):
        async with embedded_postgres(settings, state, demo=True):
            pass


async def test_neither_settings_nor_secrets_of_our_environment_reach_postgres(state, monkeypatch):
    for name in ("PGPORT", "PGDATA", "NOTIFY_SOCKET", "JOBD_MAIL_PASSWORD"):
        monkeypatch.setenv(name, "6000")
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        given = Path(f"/proc/{postgres.pid}/environ").read_bytes().split(b"\0")
        assert b"LC_ALL=C" in given
        assert not [entry for entry in given if b"6000" in entry]
        assert await answer(postgres.url, "show port") == "5432"


@pytest.mark.parametrize("name", ["d" * 100, "with, comma", "ünï cödé %20 ?&#"])
async def test_a_path_that_no_socket_can_have_still_works(state, name):
    """One database moved from name to name: what counts is the path, not initdb."""
    async with embedded_postgres(EmbeddedSettings(directory=state / "origin"), state, demo=True, durable=False):
        pass
    data = (state / "origin").rename(state / name)
    try:
        async with embedded_postgres(EmbeddedSettings(directory=data), state, demo=True, durable=False) as postgres:
            assert await answer(postgres.url, "show data_directory") == str(data)
            sockets = Path(str(await answer(postgres.url, "show unix_socket_directories")).strip('"'))
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            assert sockets.stat().st_uid == ACCOUNT.uid
        assert sockets == data or not sockets.exists()
    finally:
        data.rename(state / "origin")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
async def test_the_account_of_postgres_itself_does_not_get_in_when_jobd_is_root(state):
    async with embedded_postgres(SETTINGS, state, demo=True) as postgres:
        psql = Path(shutil.which("psql") or "/usr/bin/psql")
        if not psql.exists():
            pytest.skip("needs psql")
        status, said = await process.output(ACCOUNT, psql, "-h", str(postgres.data), "-U", "jobd", "-c", "select 1")
        assert status != 0
        assert "Peer authentication failed" in said


async def test_the_log_is_emptied_when_it_has_grown_and_its_end_is_kept(tmp_path):
    log = tmp_path / "postgres.log"
    with log.open("ab", buffering=0) as server:
        server.write(b"old\n" * 100 + b"last words\n")
        files.cap(tmp_path, "postgres.log", 50, ACCOUNT)
        server.write(b"goes on\n")
    assert log.read_text() == "goes on\n"
    assert (tmp_path / "postgres.log.1").read_text().endswith("last words\n")
    assert (tmp_path / "postgres.log.1").stat().st_size == 50


async def test_no_link_in_the_data_directory_is_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s" * 100)
    for name in ("jobd.conf", "postgres.log"):
        (tmp_path / name).symlink_to(secret)
    files.write(tmp_path, "jobd.conf", "ours", ACCOUNT)
    assert files.tail(tmp_path / "postgres.log", 10) == ""
    assert secret.read_text() == "s" * 100
    assert not (tmp_path / "jobd.conf").is_symlink()


def test_a_line_break_cannot_add_a_setting():
    assert quoted("x'\nfsync = off") == "'x''\\nfsync = off'"
