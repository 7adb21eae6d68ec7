"""Secrets → their text: a literal, `${env:NAME}`, `${credential:NAME}` or the file that `KEY_file` names.

Nothing here ever repeats a secret, nor the text around a reference that cannot be resolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath

from pydantic import SecretStr

from jobd.config.directories import resolved
from jobd.config.files import Unsafe, read_secret
from jobd.config.keys import SECRETS
from jobd.config.layers import Merged
from jobd.config.nearest import did_you_mean
from jobd.config.positions import Path
from jobd.config.tables import Table
from jobd.errors import Problem

MASK = "********"

_REFERENCE = re.compile(r"\$\{([a-z]+):([^}]*)\}")
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|api_?key|credential|private|dsn", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"//[^/@\s]*:[^/@\s]+@|[?&]password=", re.IGNORECASE)


def is_secret(path: Path) -> bool:
    """True when the value at `path` is shown to nobody: a secret of ours, of a command, or by its name."""
    if path in SECRETS or (len(path) > 3 and path[0] == "jobs" and path[2] == "env"):
        return True
    return any(isinstance(name, str) and sounds_secret(name) for name in path[1:])


def sounds_secret(name: str) -> bool:
    """True for names like `smtp_password` and `API_TOKEN`, but not for the path of a file that holds one."""
    return bool(_SECRET_NAME.search(name)) and not name.endswith(("_file", "_ttl"))


class Secrets:
    """Resolves the secrets of one configuration, collecting what is wrong with them."""

    def __init__(self, merged: Merged, environ: Mapping[str, str], problems: list[Problem]) -> None:
        self.merged, self.environ, self.problems = merged, environ, problems

    def of(self, table: Table, path: Path) -> str | None:
        """The secret at `path`; None when it is absent or cannot be had (then there is a problem)."""
        literal: SecretStr | None = getattr(table, str(path[-1]))
        file: str | None = getattr(table, f"{path[-1]}_file")
        file_path = (*path[:-1], f"{path[-1]}_file")
        if literal is not None and file is not None:
            self.problems.append(self.merged.problem(file_path, f"stands beside {path[-1]}", "keep one of them"))
            return None
        if file is not None:
            return self._from_file(file, file_path)
        return None if literal is None else self.expand(literal.get_secret_value(), path)

    def expand(self, text: str, path: Path) -> str | None:
        """`text` with its references replaced; None when one of them cannot be."""
        known = len(self.problems)

        def replaced(reference: re.Match[str]) -> str:
            return self._referenced(reference[1], reference[2], path) or ""

        expanded = _REFERENCE.sub(replaced, text)
        return expanded if len(self.problems) == known else None

    def _referenced(self, kind: str, name: str, path: Path) -> str | None:
        if kind == "env" and name in self.environ:
            return self.environ[name]
        if kind == "credential":
            return self._credential(name, path)
        if kind == "env":
            self._complain(path, f"the environment variable {name!a} is not set")
        else:
            hint = did_you_mean(kind, ["env", "credential"])
            self._complain(path, "only ${env:NAME} and ${credential:NAME} are known", hint)
        return None

    def _credential(self, name: str, path: Path) -> str | None:
        directory = self.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            hint = "LoadCredential= in the unit sets $CREDENTIALS_DIRECTORY"
            self._complain(path, f"there is no credential {name!a}: systemd gave us none", hint)
        elif not re.fullmatch(r"[A-Za-z0-9_@:-][A-Za-z0-9_.@:-]*", name):
            self._complain(path, f"{name!a} is not a name of a credential")
        else:
            return self._read(FilePath(directory) / name, path)
        return None

    def _from_file(self, file: str, path: Path) -> str | None:
        return self._read(resolved(self.merged, path, file), path)

    def _read(self, file: FilePath, path: Path) -> str | None:
        try:
            return read_secret(file)
        except Unsafe as error:
            self._complain(path, f"{ascii(str(file))[1:-1]}: {error}")
            return None

    def _complain(self, path: Path, what: str, hint: str | None = None) -> None:
        self.problems.append(self.merged.problem(path, what, hint))


def exposed(merged: Merged) -> list[Path]:
    """The secrets that stand in full in a file which every user of the machine may read."""
    return [path for path in sorted(SECRETS) if _is_exposed(merged, path)]


def _is_exposed(merged: Merged, path: Path) -> bool:
    value, layer = merged.get(path), merged.given(path)
    if not isinstance(value, str) or layer is None or layer.positions is None or not layer.mode & 0o004:
        return False
    if path == ("database", "url"):
        return bool(_URL_PASSWORD.search(_REFERENCE.sub("", value)))
    return bool(_REFERENCE.sub("", value))
