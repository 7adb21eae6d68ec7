"""What an operator should know of this daemon without having asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jobd.config import Config, current_digest
from jobd.engine.loops import Pulse
from jobd.engine.node import Node
from jobd.model.health import Level, Notice
from jobd.store.listen import Listener

SKEW_SECONDS = 2.0


def paused_by(mismatch: str, config: Config) -> str:
    """What is told of a copy of the database that nobody has adopted."""
    until = "until `jobd adopt` says that this is the one to work on"
    text = f"{mismatch}; nothing fires, runs, is mailed or deleted {until}"
    own = " (stop the daemon, jobd adopt, start it: its Postgres runs only with it)"
    return text if config.database.url is not None else text + own


def notices(
    config: Config,
    node: Node | None,
    *,
    paused: str | None,
    stopping: bool,
    pulse: Pulse,
    listener: Listener | None,
    unable: Mapping[str, str],
    unfit: Mapping[str, str],
    code_changed: Sequence[str],
    restart_needed: Sequence[str],
) -> Iterator[Notice]:
    """What is wrong, or not as it was configured; `unable` is job → why it cannot run, `unfit` schedule → why it
    cannot fire."""
    if paused is not None:
        yield Notice(level=Level.ERROR, code="paused", message=paused)
    if not config.daemon.enabled:
        text = "[daemon] enabled = false: nothing fires, nothing runs"
        yield Notice(level=Level.WARNING, code="disabled", message=text)
    if node is None and not stopping:
        yield Notice(level=Level.ERROR, code="not_joined", message="this node has no lease: it waits for Postgres")
    if node is not None and abs(node.heartbeat.skew_seconds) > SKEW_SECONDS:
        skew = f"this machine's clock is {node.heartbeat.skew_seconds:+.1f} s off Postgres' clock"
        yield Notice(level=Level.WARNING, code="clock_skew", message=f"{skew}; run a time service")
    if node is not None and node.desired != "running":
        text = f"this node is {node.heartbeat.state}: it begins nothing new until jobctl nodes resume {node.id}"
        yield Notice(level=Level.WARNING, code="quiet", message=text)
    for loop in pulse.overdue():
        yield Notice(level=Level.ERROR, code="loop_stuck", message=f"the loop {loop} does not come round")
    if listener is not None and listener.pooled:
        text = "notifications do not arrive (a transaction pooler?): new runs are seen by polling"
        yield Notice(level=Level.WARNING, code="polling", message=text)
    if config.files and current_digest(config.files[0]) != config.digest:
        text = "the configuration has changed since it was loaded: jobctl reload --dry-run tells what is different"
        yield Notice(level=Level.WARNING, code="config_changed", message=text)
    if restart_needed:
        text = f"settings that wait for systemctl restart jobd: {', '.join(restart_needed)}"
        yield Notice(level=Level.WARNING, code="restart_needed", message=text)
    if code_changed:
        text = f"the code of {', '.join(code_changed)} has changed since it was loaded: systemctl restart jobd"
        yield Notice(level=Level.WARNING, code="code_changed", message=f"{text} takes it over")
    if not config.mail.enabled:
        text = "mail is disabled: messages are held in the outbox ([mail] enabled)"
        yield Notice(level=Level.INFO, code="mail_disabled", message=text)
    for job, reason in sorted(unable.items()):
        yield Notice(level=Level.WARNING, code="job_disabled", message=f"job {job}: {reason}")
    for schedule, reason in sorted(unfit.items()):
        yield Notice(level=Level.WARNING, code="schedule_disabled", message=f"schedule {schedule}: {reason}")
    for stuck in node.workers.stuck() if node is not None else ():
        text = f"run {stuck.run.id} ({stuck.run.job}) ignores its end; restart jobd to be rid of it"
        yield Notice(level=Level.WARNING, code="run_stuck", message=text)
