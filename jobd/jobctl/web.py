"""The dashboard in a browser, behind a login by token: visitors may what their token may.

Tokens are made by `jobd token add NAME --role viewer`. Address and path are those of [dashboard] in jobd.toml where
they are not given here. Beyond this machine it takes TLS, or a proxy that does TLS.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE, WRONG_CONFIGURATION, Failure
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl web
  jobctl web --listen 127.0.0.1:9000 --path /jobs
  jobctl web --listen 192.0.2.7:8647 --tls-certificate jobs.pem --tls-key jobs.key
  jobctl web --behind-proxy
"""
forms = ("table",)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="HOST:PORT", help="address to serve ([dashboard] listen)")
    parser.add_argument("--path", metavar="PATH", help="where on it the dashboard stands ([dashboard] path)")
    parser.add_argument("--visitors", metavar="N", type=int, default=8, help="dashboards at once (8)")
    parser.add_argument("--tls-certificate", metavar="FILE", help="certificate and chain, PEM")
    parser.add_argument("--tls-key", metavar="FILE", help="its private key, PEM")
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="a proxy does TLS: believe its X-Forwarded-For and X-Forwarded-Proto",
    )


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    there = daemon()
    me = there.get("/v1/me")
    said = me["dashboard"]
    login = bool(said["require_authentication"])
    if not said["enabled"]:
        raise _refused("the dashboard is switched off: [dashboard] enabled in jobd.toml, then jobctl reload")
    if not login and me["environment"] == "production":
        raise _refused("production shows nothing without a login: [dashboard] require_authentication in jobd.toml")
    from pathlib import Path  # aiohttp is loaded for this verb alone

    from jobd.dashboard.web.server import NotServed, WebSettings, serve

    def opened(url: str) -> None:
        output.text(f"the dashboard is at {url}")
        if not login:
            output.text(f"WITHOUT A LOGIN: every user of this machine acts there as {me['name']}, {me['role']}")
        output.flush()

    try:
        settings = WebSettings(
            socket=there.path,
            listen=options.listen or said["listen"],
            path=options.path or said["path"],
            login=login,
            visitors=options.visitors,
            tls_certificate=Path(options.tls_certificate) if options.tls_certificate else None,
            tls_key=Path(options.tls_key) if options.tls_key else None,
            behind_proxy=options.behind_proxy,
        )
        serve(settings, opened)
    except NotServed as error:
        raise _refused(str(error)) from error
    return DONE


def _refused(message: str) -> Failure:
    return Failure(WRONG_CONFIGURATION, "not_served", message)
