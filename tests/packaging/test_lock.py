"""requirements.lock: every dependency, with hashes, and from wherever the reader's pip gets its packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()


def locked() -> dict[str, str]:
    """Package → version."""
    pinned = re.findall(r"^([\w.-]+)==([^ \\;]+)", LOCK, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pinned}


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for, the extras too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [word for extra in project["optional-dependencies"].values() for word in extra]
    return [Requirement(word) for word in [*project["dependencies"], *extras]]


def test_no_address_stands_in_the_lock() -> None:
    assert "://" not in LOCK and not re.search(r"^\s*--(?!hash=sha256:)", LOCK, re.MULTILINE)


def test_the_lock_covers_every_dependency_in_a_version_that_will_do() -> None:
    versions = locked()
    for requirement in wanted():
        assert canonicalize_name(requirement.name) in versions, f"{requirement.name}: make the lock again"
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_everything_in_the_lock_has_a_hash() -> None:
    for entry in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in entry, entry
