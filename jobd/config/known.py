"""The secret values of a configuration, so that logs and errors do not repeat them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from jobd.config.configuration import Config
from jobd.config.secrets import sounds_secret
from jobd.model.secrets import Secrets

_URL_PASSWORD = re.compile(r"//[^/@\s]*?:([^/@\s]+)@|[?&]password=([^&\s]+)", re.IGNORECASE)


def known_secrets(config: Config) -> Secrets:
    """Passwords and keys of ours; of the commands' environments what is named like a secret, and URLs' passwords.

    Each also as a URL writes it down.
    """
    return Secrets(form for value in _values(config) if value for form in (value, quote(value, safe="")))


def _values(config: Config) -> Iterator[str]:
    yield from _passwords(config.database.url or "")
    yield config.mail.password or ""
    if config.paymob is not None:
        yield from (config.paymob.api_key, config.paymob.secret_key)
    for job in config.jobs.values():
        for name, value in job.env.items():
            if passwords := [*_passwords(value)]:
                yield from passwords
            elif sounds_secret(name.lower()):
                yield value


def _passwords(text: str) -> Iterator[str]:
    """Those of the URLs in `text`, as they stand there and as they are meant."""
    for password in (found for match in _URL_PASSWORD.finditer(text) for found in match.groups() if found):
        yield from (password, unquote(password))
