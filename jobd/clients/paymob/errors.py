"""Every way in which the gateway gives no answer that one may act on.

PaymobError
├── GatewayUnavailable       no answer, or none worth believing: nothing is known, change nothing
│   ├── GatewayThrottled     429: it asks us to slow down
│   └── GatewayUnreadable    it answered about this one thing, and not as documented
├── GatewayRefused           it does not accept our credentials: no call will work
└── NoSuchTransaction        it knows of no such thing (404)
"""

from __future__ import annotations

from jobd.errors import JobdError


class PaymobError(JobdError):
    """Base of all errors of the Paymob client; no message holds a credential or a part of an answer."""


class GatewayUnavailable(PaymobError):
    """Nothing is known about what was asked: lost connection, deadline, 5xx, a page instead of JSON.

    `status` is the HTTP status, absent when there was no answer at all.
    """

    def __init__(self, problem: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(problem)


class GatewayThrottled(GatewayUnavailable):
    """Too many requests. `pause` is how many seconds the client stays silent from now on."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        super().__init__(f"the gateway asks to slow down; next request in {pause:.0f} s", status=429)


class GatewayUnreadable(GatewayUnavailable):
    """An answer that must not be believed: truncated, too large, not the documented shape."""


class GatewayRefused(PaymobError):
    """The credentials are wrong; a person has to correct `[paymob]` in the configuration."""


class NoSuchTransaction(PaymobError):
    """The gateway answered 404: for an order it means that nobody has tried to pay yet."""
