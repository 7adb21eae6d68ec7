"""Mail over SMTP, one recipient a message, with certainty about what happened to the final dot."""

from jobd.clients.smtp.compose import Envelope, compose
from jobd.clients.smtp.results import Bounced, Deferred, InDoubt, Result, Sent, Withdrawn
from jobd.clients.smtp.session import Session

__all__ = ["Bounced", "Deferred", "Envelope", "InDoubt", "Result", "Sent", "Session", "Withdrawn", "compose"]
