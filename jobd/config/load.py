"""Files and environment → `Config`, or every reason why not.

The order is defaults < jobd.toml < jobd.d/*.toml by name < JOBD_SECTION__KEY variables.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from jobd.config.assemble import Report, assemble
from jobd.config.configuration import Config
from jobd.config.environment import layer_of
from jobd.config.files import SourceFile, find, read_all
from jobd.config.layers import Layer, Merged, parse
from jobd.errors import ConfigError, Problem

log = logging.getLogger(__name__)

NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


def _logged(warning: Problem) -> None:
    log.warning("configuration warning", extra={"place": f"{warning.file}:{warning.line}", "problem": str(warning)})


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    told: Callable[[Problem], None] = _logged,
) -> Config:
    """The configuration in `path`, or in the first of $JOBD_CONFIG, ./jobd.toml and /etc/jobd/jobd.toml.

    What deserves a warning is `told`: logged, where nobody asks for something else.

    Raises:
        ConfigError: with all problems at once.
    """
    return taken(examine(path, environ=environ), told=told)


def load_text(
    text: str,
    *,
    name: str = "jobd.toml",
    directory: Path | None = None,
    environ: Mapping[str, str] = NO_ENVIRONMENT,
) -> Config:
    """The configuration that `text` is, relative paths in it being relative to `directory`.

    Raises:
        ConfigError: with all problems at once.
    """
    source = SourceFile((directory or Path()) / name, text.encode("utf-8", "surrogatepass"), 0o600)
    return taken(_examined([source], [], environ))


def examine(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Report:
    """As `load`, without raising or logging: for those who show what they find."""
    try:
        main = find(path, environ)
    except ConfigError as error:
        return Report(problems=error.problems)
    sources, problems = read_all(main)
    return _examined(sources, problems, environ)


def examine_with(
    main: Path, path: Path | None, content: bytes, *, environ: Mapping[str, str] = os.environ
) -> Report:
    """As `examine`, if the drop-in `path` held `content`; nothing is written."""
    sources, problems = read_all(main)
    if path is not None:
        others = [source for source in sources[1:] if source.path.name != path.name]
        proposed = SourceFile(main.with_suffix(".d") / path.name, content, 0o640)
        sources = [*sources[:1], *sorted([*others, proposed], key=lambda source: source.path.name)]
    return _examined(sources, problems, environ)


def digest_of(sources: Sequence[SourceFile]) -> str:
    """A digest of names and content: the same while the configuration is the same."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.path.name}\0{len(source.content)}\0".encode())
        digest.update(source.content)
    return digest.hexdigest()


def current_digest(main: Path) -> str:
    """What `Config.digest` would be if the files were loaded now; empty when they cannot all be read."""
    sources, problems = read_all(main)
    return "" if problems else digest_of(sources)


def taken(report: Report, *, told: Callable[[Problem], None] = _logged) -> Config:
    """The configuration of a report; what deserves a warning is `told`.

    Raises:
        ConfigError: there is none.
    """
    if report.config is None:
        raise ConfigError(report.problems)
    for warning in report.warnings:
        told(warning)
    return report.config


def _examined(sources: list[SourceFile], problems: list[Problem], environ: Mapping[str, str]) -> Report:
    texts = {str(source.path): source.content.decode("utf-8-sig", "replace") for source in sources}
    layers: list[Layer] = []
    for source in sources:
        parsed = parse(str(source.path), source.content, directory=sources[0].path.absolute().parent, mode=source.mode)
        (problems if isinstance(parsed, Problem) else layers).append(parsed)  # type: ignore[arg-type]
    if problems:  # half a configuration would only give false problems on top
        return Report(problems=problems, texts=texts)
    environment = layer_of(environ, Merged(layers).data)
    merged = Merged([*layers, environment])
    return assemble(merged, environ, texts, files=tuple(s.path for s in sources), digest=digest_of(sources))
