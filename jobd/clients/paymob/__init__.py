"""The Paymob payment gateway: a careful client, and what its answers mean for a payment.

client = PaymobClient(settings)
judgement = judge(payment, await evidence_about(client, payment.order_id), policy)
"""

from jobd.clients.paymob.client import PaymobClient
from jobd.clients.paymob.errors import (
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnreadable,
    NoSuchTransaction,
    PaymobError,
)
from jobd.clients.paymob.inquest import evidence_about
from jobd.clients.paymob.transaction import Order, Transaction
from jobd.clients.paymob.verdict import (
    MINOR_UNITS,
    Evidence,
    Judgement,
    Payment,
    Policy,
    Verdict,
    judge,
)

__all__ = [
    "MINOR_UNITS",
    "Evidence",
    "GatewayRefused",
    "GatewayThrottled",
    "GatewayUnavailable",
    "GatewayUnreadable",
    "Judgement",
    "NoSuchTransaction",
    "Order",
    "Payment",
    "PaymobClient",
    "PaymobError",
    "Policy",
    "Transaction",
    "Verdict",
    "evidence_about",
    "judge",
]
