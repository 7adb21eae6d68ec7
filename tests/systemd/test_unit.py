"""The files in systemd/, as systemd itself reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from analyzing import SYSTEMD, needs_analyze, run, shipped


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    return shipped("jobd.service", "jobd", tmp_path)


@needs_analyze
def test_systemd_reads_the_unit_without_a_word(unit: Path) -> None:
    checked = run("systemd-analyze", "verify", "--man=no", unit)
    # an unknown key is reported there alone: the exit status is 0
    assert (checked.stderr, checked.returncode) == ("", 0)


@needs_analyze
def test_a_misspelt_key_would_be_seen(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    assert "WatchdogSecs" in run("systemd-analyze", "verify", "--man=no", unit).stderr


@needs_analyze
def test_the_exposure_of_the_service_is_at_most_1_5(unit: Path) -> None:
    checked = run("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)
    assert checked.returncode == 0, checked.stdout


def test_the_socket_can_tell_users_apart() -> None:
    keys = [line.partition("=")[0] for line in (SYSTEMD / "jobd.service").read_text().splitlines()]
    assert "PrivateUsers" not in keys and "DynamicUser" not in keys


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_the_user_is_made_on_a_system_without_it(tmp_path: Path) -> None:
    (tmp_path / "etc" / "sysusers.d").mkdir(parents=True)
    shutil.copy(SYSTEMD / "jobd.sysusers", tmp_path / "etc" / "sysusers.d" / "jobd.conf")
    made = run("systemd-sysusers", f"--root={tmp_path}", "jobd.conf")
    assert made.returncode == 0, made.stderr
    name, _, uid, *_, home, shell = (tmp_path / "etc" / "passwd").read_text().strip().split(":")
    assert (name, home) == ("jobd", "/var/lib/jobd") and int(uid) < 1000 and shell.endswith("nologin")


@pytest.mark.parametrize("name", ["jobd.service", "jobd-web.service"])
def test_no_core_file_holds_a_password(name: str) -> None:
    assert "LimitCORE=0" in (SYSTEMD / name).read_text().splitlines()
