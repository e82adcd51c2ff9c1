"""Checks what is around a run: notifications, sleep, tmux."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.runner.doctor.check import CheckResult
from tui.runner.notify.channels import channel_problems, configured_channels
from tui.settings.settings import Settings

_TMUX_SECONDS = 3.0
_SLOW_ESCAPE = 100
_POWER = Path("/sys/class/power_supply")


def surroundings_checks(settings: Settings, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    yield _notices(settings, environ)
    yield _sleep(settings, environ)
    if environ.get("TMUX"):  # a run outlives its terminal anyway
        yield _tmux(environ)


def _notices(settings: Settings, environ: Mapping[str, str]) -> CheckResult:
    names = [channel.name for channel in configured_channels(settings, environ)]
    problems = channel_problems(settings)
    text = ", ".join(names) or "nobody but the bell of an open screen"
    if problems:
        return CheckResult("notices", "fail", text, "; ".join(problems))
    if not set(names) - {"tmux"}:
        advice = "set notifications.discord_webhook, slack_webhook or urls"
        return CheckResult("notices", "warn", text, advice)
    quiet = settings.notifications.quiet_hours
    rest = f"; from {quiet} only when it needs you" if quiet else ""
    return CheckResult("notices", "ok", text + rest)


def send_test_messages(
    settings: Settings, project: Path, environ: Mapping[str, str]
) -> Iterator[CheckResult]:
    """Sends a test message through every channel."""
    from tui.runner.notify.http_services import SendOptions, send
    from tui.runner.notify.message_text import compose, without_credentials
    from tui.system.credentials import spellings_of

    rules = settings.notifications
    seconds, private = rules.timeout_seconds, rules.allow_private_addresses
    options = SendOptions(seconds, private, project.name, "test")
    events = [("test", time.time(), "This is a test. Messages of the night will look like it.")]
    message = compose("test message", events, project=project.name, run="none")
    for channel in configured_channels(settings, environ):
        outcome = send(channel, message, options)
        why = without_credentials(outcome.why, spellings_of([channel.url] if channel.url else []))
        if outcome.result == "sent" or channel.name == "tmux":
            text = "sent" if outcome.result == "sent" else why
            yield CheckResult("test message", "ok", f"{channel.name}: {text}")
        else:
            text = f"{channel.name}: {why or outcome.result}"
            advice = "check the address in the settings, and this machine's way out"
            yield CheckResult("test message", "fail", text, advice)


def _sleep(settings: Settings, environ: Mapping[str, str]) -> CheckResult:
    if _on_battery():
        return CheckResult("sleep", "warn", "this machine runs on its battery", "plug it in")
    if not settings.session.inhibit_sleep:
        text = "not kept from sleeping, as session.inhibit_sleep says"
        return CheckResult("sleep", "warn", text, "see that the machine stays awake")
    if shutil.which("systemd-inhibit", path=environ.get("PATH")) is None:
        text = "nothing here can keep the machine awake"
        return CheckResult("sleep", "warn", text, "switch off its sleep, or use `caffeinate -i`")
    return CheckResult("sleep", "ok", "the machine is kept awake while a run is going")


def _on_battery() -> bool:
    """Whether there is a mains adapter, and none gives power."""
    try:
        names = os.listdir(_POWER)
    except OSError:
        return False
    online = []
    for name in names:
        try:
            if (_POWER / name / "type").read_text().strip() == "Mains":
                online.append((_POWER / name / "online").read_text().strip() == "1")
        except OSError:
            continue
    return bool(online) and not any(online)


def _tmux(environ: Mapping[str, str]) -> CheckResult:
    escape = _option(environ, "escape-time")
    if escape.isdigit() and int(escape) > _SLOW_ESCAPE:
        text = f"the escape key waits {escape} ms"
        return CheckResult("tmux", "warn", text, "`set -sg escape-time 10` in ~/.tmux.conf")
    if not _option(environ, "default-terminal").startswith(("tmux", "screen-256", "xterm-256")):
        advice = '`set -g default-terminal "tmux-256color"` in ~/.tmux.conf'
        return CheckResult("tmux", "warn", "it shows few colours", advice)
    return CheckResult("tmux", "ok", "its settings suit the screen")


def _option(environ: Mapping[str, str], name: str) -> str:
    """A global option of the sessions or of the server; empty if unknown."""
    import subprocess

    for scope in ("-gqv", "-sqv"):
        try:
            done = subprocess.run(
                ["tmux", "show-options", scope, name],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TMUX_SECONDS,
                env=dict(environ),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.stdout.strip():
            return done.stdout.decode("utf-8", "replace").strip()
    return ""
