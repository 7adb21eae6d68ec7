"""Beyond this machine Postgres is talked to over TLS that was verified, or not at all."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from support.rows import SECOND

from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.database import close, connect
from jobd.store.doctor import examine_database
from jobd.store.store import open_store
from jobd.store.tls import tls_of

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGHOST", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # where ~/.postgresql/root.crt would be


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://app:p@db.example.org/app", "verify-full"),
        ("postgresql://app:p@db.example.org:6432/app?application_name=x", "verify-full"),
        ("postgresql://10.0.0.7/app", "verify-full"),
        ("postgresql://[2001:db8::1]:5432/app", "verify-full"),
        ("postgresql:///app?host=db.example.org", "verify-full"),
        ("postgresql://localhost,db.example.org/app?target_session_attrs=read-write", "verify-full"),
        ("postgresql://localhost.example.org/app", "verify-full"),
        ("postgresql://db.example.org/app?sslmode=require", "require"),
        ("postgresql://db.example.org/app?sslmode=disable", "disable"),
        ("postgresql://localhost/app", "prefer"),
        ("postgresql://LOCALHOST:5433/app", "prefer"),
        ("postgresql://127.0.0.1,127.8.8.8/app", "prefer"),
        ("postgresql://[::1]:5432/app", "prefer"),
        ("postgresql:///app", "prefer"),
        ("postgresql:///app?host=/run/postgresql", "prefer"),
        ("postgresql://app@%2Frun%2Fpostgresql/app", "prefer"),
        ("postgresql://localhost/app?sslmode=verify-full", "verify-full"),
        ("postgresql:///app?service=shop", None),
    ],
)
def test_a_host_beyond_this_machine_is_verified_unless_the_url_says_otherwise(url: str, mode: str | None):
    assert tls_of(url, {}).mode == mode


def test_the_environment_of_the_driver_is_obeyed_and_the_url_goes_before_it():
    assert tls_of("postgresql://db.example.org/app", {"PGSSLMODE": "require"}).mode == "require"
    assert tls_of("postgresql://db.example.org/app?sslmode=disable", {"PGSSLMODE": "require"}).mode == "disable"
    assert tls_of("postgresql:///app", {"PGHOST": "db.example.org"}).mode == "verify-full"


def test_what_is_said_of_a_url_holds_no_secret():
    tls = tls_of("postgresql://app:geheim%40x@db.example.org/app?password=geheim&sslpassword=geheim", {})
    assert "geheim" not in f"{tls} {tls.text}"
    assert tls.text == "db.example.org, sslmode=verify-full (the default beyond this machine)"


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """A server on loopback; its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def stripping() -> AsyncIterator[tuple[int, list[bytes]]]:
    """Somebody in between who says that there is no TLS; the port, and all that they got to hear."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(len(SSL_REQUEST)))
        writer.write(b"N")
        heard.append(await reader.read())
        writer.close()

    async with listening(serve) as port:
        yield port, heard


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:geheim@127.0.0.1:{port}/app?sslmode=verify-full",
        "postgresql://app:geheim@127.0.0.1:{port}/app?sslmode=require",
        # this address is no loopback, although it leads there: nothing is said of sslmode
        "postgresql://app:geheim@0.0.0.0:{port}/app",
    ],
)
async def test_who_strips_tls_gets_nothing_and_is_named_with_the_next_step(url: str):
    async with stripping() as (port, heard):
        url = url.format(port=port)
        with pytest.raises(StoreUnavailable) as refused:
            await connect(url, application="test", statement_timeout=SECOND)
        with pytest.raises(StoreUnavailable, match="no TLS"):
            async with open_store(url, DatabaseSettings(url=url), AppSettings()):
                pass
        (finding,) = await examine_database(url)
    said = str(refused.value)
    assert f":{port}: it offers no TLS" in said
    assert "set ssl = on there" in said and "[database] url" in said
    assert "geheim" not in f"{said} {finding.text} {refused.value.__cause__}"
    assert "no TLS" in finding.text
    assert set(heard) == {SSL_REQUEST, b""}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody vouches for, key included."""
    pem = tmp_path_factory.mktemp("tls") / "localhost.pem"
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    argv = [*request.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", pem, "-out", f"{pem}.crt"]
    subprocess.run(argv, check=True, capture_output=True)
    pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
    return pem


@asynccontextmanager
async def encrypting(url: str, certificate: Path) -> AsyncIterator[int]:
    """A port on which Postgres is reached over TLS alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    query = parse_qs(urlsplit(url).query)
    directory, number = query["host"][0], query.get("port", ["5432"])[0]

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            assert await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(context)
            there, back = await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{number}")
            async with asyncio.TaskGroup() as both:
                both.create_task(passed(reader, back))
                both.create_task(passed(there, writer))
        writer.close()

    async with listening(serve) as port:
        yield port


def through(url: str, host: str, port: int, more: str) -> str:
    parts = urlsplit(url)
    user = parts.username or parse_qs(parts.query).get("user", ["postgres"])[0]
    return f"postgresql://{user}:geheim@{host}:{port}{parts.path}?{more}"


async def test_a_certificate_is_accepted_that_the_named_authority_or_this_machine_vouches_for(
    migrated_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    async with encrypting(migrated_url, certificate) as port:
        named = through(migrated_url, "localhost", port, f"sslmode=verify-full&sslrootcert={certificate}.crt")
        await close(await connect(named, application="test", statement_timeout=SECOND))
        by_machine = through(migrated_url, "localhost", port, "sslmode=verify-full")
        with pytest.raises(StoreUnavailable, match=r"localhost:\d+: the certificate is not accepted \(self") as refused:
            await connect(by_machine, application="test", statement_timeout=SECOND)
        assert "sslrootcert=FILE" in str(refused.value) and "geheim" not in str(refused.value)
        monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
        for url in (by_machine, f"{by_machine}&sslrootcert=system"):
            await close(await connect(url, application="test", statement_timeout=SECOND))


async def test_a_certificate_of_another_host_is_refused(migrated_url: str, certificate: Path):
    async with encrypting(migrated_url, certificate) as port:
        url = through(migrated_url, "127.0.0.1", port, f"sslmode=verify-full&sslrootcert={certificate}.crt")
        with pytest.raises(StoreUnavailable, match="certificate is not accepted"):
            await connect(url, application="test", statement_timeout=SECOND)


async def test_an_authority_that_is_not_there_is_named():
    url = "postgresql://app:geheim@127.0.0.1:1/app?sslmode=verify-full&sslrootcert=/nowhere/root.crt"
    with pytest.raises(StoreRefused, match=r"sslrootcert=/nowhere/root.crt .* cannot be read") as refused:
        await connect(url, application="test", statement_timeout=SECOND)
    assert "geheim" not in str(refused.value)


async def test_the_doctor_says_what_is_in_force_and_warns_of_clear_text(store: object, migrated_url: str):
    found = {one.name: one for one in await examine_database(migrated_url)}
    assert (found["tls"].verdict, found["tls"].mend) == ("ok", None)
    assert "on this machine" in found["tls"].text
    assert tls_of("postgresql://db.example.org/app?sslmode=prefer", {}).clear
    assert not tls_of("postgresql://db.example.org/app", {}).clear
