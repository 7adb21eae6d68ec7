"""`jobd doctor` without a daemon: what it tries, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jobd.testing.postgres import fresh_database
from jobd.testing.smtp import MailServer

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def url(postgres_url: str) -> AsyncIterator[str]:
    async with fresh_database(postgres_url) as found:
        yield found


async def doctor(directory: Path, text: str, *words: str) -> tuple[int, str, str]:
    config = directory / "jobd.toml"
    config.write_text(f'[daemon]\nstate_directory = "{directory}/state"\nsocket = "{directory}/jobd.sock"\n{text}')
    config.chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd", "doctor", "--config", str(config), *words, cwd=ROOT, env={**os.environ},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def verdicts(directory: Path, text: str) -> tuple[int, dict[str, Any]]:
    code, out, err = await doctor(directory, text, "--json")
    assert err == ""
    return code, {one["name"]: one for one in json.loads(out)}


async def test_everything_is_told_with_a_way_to_mend_it(tmp_path: Path, url: str):
    code, out, _ = await doctor(tmp_path, f'[database]\nurl = "{url}"\n')
    assert code == 1, "an empty database wants its schema"
    assert "→ jobd migrate" in out or "permission" not in out
    for name in ("database", "schema", "clock", "zones", "notify", "pooler", "socket", "disk", "mail", "gateway"):
        assert f" {name} " in out


async def test_a_mail_server_and_a_gateway_that_do_not_answer_are_errors(tmp_path: Path, url: str):
    text = (
        f'[database]\nurl = "{url}"\n[mail]\nenabled = true\nhost = "127.0.0.1"\nport = 1\ntls = "off"\n'
        '[paymob]\nbase_url = "http://127.0.0.1:1"\napi_key = "geheim"\n'
    )
    code, found = await verdicts(tmp_path, text)
    assert code == 1
    for name in ("mail", "gateway"):
        assert found[name]["verdict"] == "error"
        assert "127.0.0.1:1" in found[name]["text"]
        assert found[name]["mend"]
    assert "geheim" not in json.dumps(found)


async def test_a_mail_server_that_answers_is_well(tmp_path: Path, url: str):
    async with MailServer() as server:
        text = f'[mail]\nenabled = true\nhost = "127.0.0.1"\nport = {server.port}\ntls = "off"\n'
        _, found = await verdicts(tmp_path, f'[database]\nurl = "{url}"\n{text}')
    assert found["mail"]["verdict"] == "ok", found["mail"]


async def test_no_database_is_made_only_to_examine_it(tmp_path: Path):
    _, found = await verdicts(tmp_path, "")
    assert found["database"]["verdict"] == "skipped"
    assert not (tmp_path / "state").exists()


async def test_a_socket_that_others_may_replace_is_an_error(tmp_path: Path, url: str):
    import socket

    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "jobd.sock"))
        tmp_path.chmod(0o777)
        _, found = await verdicts(tmp_path, f'[database]\nurl = "{url}"\n')
        assert (found["socket"]["verdict"], found["socket"]["mend"]) == ("error", f"chmod 0750 {tmp_path}")
        tmp_path.chmod(0o755)
        (tmp_path / "jobd.sock").chmod(0o666)
        _, found = await verdicts(tmp_path, f'[database]\nurl = "{url}"\n')
        assert "may be used by everybody" in found["socket"]["text"]


async def test_a_wrong_configuration_ends_with_9(tmp_path: Path):
    code, out, err = await doctor(tmp_path, "[database]\nurll = 1\n")
    assert (code, out) == (9, "")
    assert 'did you mean "url"?' in err
