"""The demo's jobd.toml: the four business jobs as anybody would write them, on a fast clock and without limits."""

from __future__ import annotations

import json

from jobd.demo.place import Place
from jobd.testing.paymob.scenario import Scenario, Story

FAIL_AFTER_HOURS, EXPIRE_AFTER_HOURS = 24, 72

_API_KEY = "emulated-api-key"
_INTEGRATION = Scenario(story=Story.SUCCESS).integration_id


def configuration(place: Place, *, database_url: str, mail_port: int, gateway_port: int) -> str:
    """The text of a jobd.toml for this demo."""
    return f"""\
# The demo's configuration. A real one differs in its times and limits.

[daemon]
name = "demo"
state_directory = {_text(place.state)}
socket = {_text(place.socket)}
grace = "10s"

[database]
url = {_text(database_url)}

[mail]
enabled = true
host = "127.0.0.1"
port = {mail_port}
tls = "off"
sender = "Demo <billing@example.com>"
rate = 0
retry_delay = "1s"

[paymob]
base_url = "http://127.0.0.1:{gateway_port}"
api_key = {_text(_API_KEY)}
integration_ids = [{_INTEGRATION}]
live = false
rate = 1000
parallel = 16
throttle_limit = 100
timeout = "1s"

[jobs.expire-subscriptions]
run = "jobd.jobs.expire_subscriptions:expire_subscriptions"
every = "3s"
queue = "normal"
args = {{ batch = 100 }}
requires = ["users", "user_subscriptions"]

[jobs.reconcile-payments]
run = "jobd.jobs.reconcile_payments:reconcile_payments"
every = "4s"
queue = "critical"
args = {{ fail_after_hours = {FAIL_AFTER_HOURS}, expire_after_hours = {EXPIRE_AFTER_HOURS} }}
requires = ["payments"]

[jobs.send-expiry-reminders]
run = "jobd.jobs.send_email:send_expiry_reminders"
every = "5s"
args = {{ days = 7 }}
requires = ["users", "user_subscriptions"]

[jobs.clean-old-audit-trail]
run = "jobd.jobs.clean_old_audit_trail:clean_old_audit_trail"
every = "5s"
queue = "low"
args = {{ retention_days = 90, batch = 1000, pause_ms = 100 }}
requires = ["audit_trail"]

[jobs.send-email]
run = "jobd.jobs.send_email:send_email"

[jobs.send-bulk-email]
run = "jobd.jobs.send_email:send_bulk_email"

# Staged: fails twice on purpose, then succeeds.
[jobs.import-exchange-rates]
run = "jobd.demo.jobs:import_exchange_rates"
description = "staged: the bank is unreachable at first, and each run is retried until it answers"
every = "6s"
retries = 3
retry_delay = "1s"
requires = ["exchange_rate_imports"]

# Staged: fails for good now and then, so that there is a failure to look at.
[jobs.fetch-bank-statement]
run = "jobd.demo.jobs:fetch_bank_statement"
description = "staged: the bank is unreachable now and then, and nobody tries again"
every = "40s"
retries = 0
requires = ["bank_statements"]

[jobs.write-invoice]
run = "jobd.demo.jobs:write_invoice"
description = "an invoice that a customer asked for, page by page"
queue = "normal"
requires = ["invoices"]

[jobs.build-report]
run = "jobd.demo.jobs:build_report"
description = "what came in during the last days"
queue = "low"
"""


def _text(value: object) -> str:
    """A TOML string: JSON's escapes are among TOML's."""
    return json.dumps(str(value), ensure_ascii=False)
