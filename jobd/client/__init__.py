"""jobd from another program: `Client` for asyncio, `SyncClient` without, `enqueue_in` inside one's own transaction.

    from jobd.client import Client

    async with Client() as jobd:
        run = await jobd.enqueue("send-email", to="ada@example.com", subject="Hello")
        print((await jobd.wait(run, timeout=60)).state)
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jobd.client.client import Client
    from jobd.client.errors import ClientError, NoAnswer, NotPermitted, NotRunning, Refused
    from jobd.client.stream import Event
    from jobd.client.sync import SyncClient
    from jobd.client.transaction import enqueue_in, enqueue_many_in
    from jobd.errors import ArgumentsRefused, Conflict, NotFound, StoreUnavailable, UnknownJob, UnknownQueue
    from jobd.model.run import NewRun, Run, RunState

__all__ = [
    "ArgumentsRefused",
    "Client",
    "ClientError",
    "Conflict",
    "Event",
    "NewRun",
    "NoAnswer",
    "NotFound",
    "NotPermitted",
    "NotRunning",
    "Refused",
    "Run",
    "RunState",
    "StoreUnavailable",
    "SyncClient",
    "UnknownJob",
    "UnknownQueue",
    "enqueue_in",
    "enqueue_many_in",
]

# Loaded when first asked for: aiohttp only for who uses it, and neither for `enqueue_in`.
_HOMES = {
    "Client": "jobd.client.client",
    "Event": "jobd.client.stream",
    "SyncClient": "jobd.client.sync",
    "enqueue_in": "jobd.client.transaction",
    "enqueue_many_in": "jobd.client.transaction",
    **dict.fromkeys(("ClientError", "NoAnswer", "NotPermitted", "NotRunning", "Refused"), "jobd.client.errors"),
    **dict.fromkeys(
        ("ArgumentsRefused", "Conflict", "NotFound", "StoreUnavailable", "UnknownJob", "UnknownQueue"), "jobd.errors"
    ),
    **dict.fromkeys(("NewRun", "Run", "RunState"), "jobd.model.run"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
