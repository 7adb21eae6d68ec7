"""The wheel carries what `pip install .` promises: code, data files, and the manual where `man` finds it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "man").iterdir())
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as pip builds it, from this tree."""
    directory = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(directory)], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert built.returncode == 0, built.stderr
    return directory / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix that pip has put it under, without what it depends on."""
    prefix = tmp_path_factory.mktemp("prefix")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--ignore-installed", "--no-compile"]
    subprocess.run([*pip, "--prefix", str(prefix), str(wheel)], check=True, capture_output=True, timeout=100)
    return prefix


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    packed = set(ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "jobd"], cwd=ROOT, capture_output=True, text=True, timeout=20)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    there = {name for name in listed.stdout.split() if (ROOT / name).exists()}
    assert len(there) > 200 and not there - packed


def test_nothing_but_the_package_and_the_manual_is_in_the_wheel(wheel: Path) -> None:
    first = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    assert {name.rpartition(".")[2] for name in first - {"jobd"}} == {"dist-info", "data"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_manual_is_installed_section_by_section(page: Path, installed: Path) -> None:
    section = page.suffix[1:]
    put = installed / "share" / "man" / f"man{section}" / page.name
    assert put.read_text() == page.read_text()


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_man_finds_the_page(page: Path, installed: Path) -> None:
    manual = installed / "share" / "man"
    found = subprocess.run(
        ["man", "-M", str(manual), "-w", page.stem], capture_output=True, text=True, timeout=20, check=True
    )
    assert Path(found.stdout.strip()) == manual / f"man{page.suffix[1:]}" / page.name
