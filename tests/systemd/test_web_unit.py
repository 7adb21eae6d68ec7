"""The unit of `jobctl web`, as systemd itself reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from analyzing import SYSTEMD, needs_analyze, run, shipped


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    return shipped("jobd-web.service", "jobctl", tmp_path)


@needs_analyze
def test_systemd_reads_the_unit_without_a_word(unit: Path) -> None:
    checked = run("systemd-analyze", "verify", "--man=no", unit)
    assert (checked.stderr, checked.returncode) == ("", 0)


@needs_analyze
def test_the_exposure_of_the_service_is_at_most_1_5(unit: Path) -> None:
    checked = run("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)
    assert checked.returncode == 0, checked.stdout


def test_the_service_is_not_the_daemons_user_and_does_not_see_its_secrets() -> None:
    lines = (SYSTEMD / "jobd-web.service").read_text().splitlines()
    assert "User=jobd-web" in lines and "SupplementaryGroups=jobd" in lines
    assert "InaccessiblePaths=-/etc/jobd -/var/lib/jobd" in lines


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_the_user_is_made_and_is_in_the_group_of_the_socket(tmp_path: Path) -> None:
    (tmp_path / "etc" / "sysusers.d").mkdir(parents=True)
    for name in ("jobd", "jobd-web"):
        shutil.copy(SYSTEMD / f"{name}.sysusers", tmp_path / "etc" / "sysusers.d" / f"{name}.conf")
    made = run("systemd-sysusers", f"--root={tmp_path}")
    assert made.returncode == 0, made.stderr
    users = {line.split(":")[0]: line for line in (tmp_path / "etc" / "passwd").read_text().splitlines()}
    assert users["jobd-web"].endswith("nologin")
    groups = {line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc" / "group").read_text().splitlines()}
    assert groups["jobd"] == "jobd-web"
