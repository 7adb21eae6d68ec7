"""A Paymob on loopback, for tests and the demo.

async with PaymobEmulator() as gateway:
    gateway.orders["1001"] = scenario("success", amount=Decimal("150.00"))
    client = PaymobClient(gateway.settings())
"""

from jobd.testing.paymob.callbacks import Callback, signature
from jobd.testing.paymob.emulator import PaymobEmulator, Seen
from jobd.testing.paymob.scenario import (
    Fault,
    Scenario,
    Story,
    expected_outcome,
    read_script,
    scenario,
    write_script,
)

__all__ = [
    "Callback",
    "Fault",
    "PaymobEmulator",
    "Scenario",
    "Seen",
    "Story",
    "expected_outcome",
    "read_script",
    "scenario",
    "signature",
    "write_script",
]
