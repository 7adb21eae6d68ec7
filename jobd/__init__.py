"""What a job file needs, and nothing heavy: importing `jobd` loads neither asyncpg nor aiohttp.

    from jobd import Context, Retry, Cancel, statements
"""

from jobd.statements import statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jobd.errors import Cancel, Retry
    from jobd.model.context import Context

__version__ = "0.1.0"

__all__ = ["Cancel", "Context", "Retry", "__version__", "statements"]

# Loaded when first asked for: with typing, dataclasses and logging they would double the start of `jobctl`.
# `statements` cannot be: a module of that name lies here, and importing it would put the module in its place.
_HOMES = {"Cancel": "jobd.errors", "Retry": "jobd.errors", "Context": "jobd.model.context"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
