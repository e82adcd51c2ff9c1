"""All checks of the doctor: those of limits and machine, the test messages, and the forecast of the night."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import RateLimit
from tui.model.permissions.granted import AgentPermissions
from tui.runner.doctor import checks
from tui.runner.doctor.checks import CheckResult, Finding, Surroundings, fail, ok, warn
from tui.runner.doctor.machine import available_memory, memory_finding
from tui.runner.notify.channels import ask_tmux, channel_problems, configured_channels
from tui.runner.policy.budgets import budget_refusal, budget_words
from tui.settings.settings import FILE, Settings, user_file
from tui.store.layout import RunDirectory
from tui.store.runs import all_runs
from tui.store.trust import ignored_settings, load_settings
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError, SettingsError
from tui.system.format import format_weekday_clock

_TAIL_BYTES = 8 << 20
_LIMIT_EVENT = b'"rate_limit_event"'
_SLOW_ESCAPE = 100
_POWER = Path("/sys/class/power_supply")


class Forecast(Struct, frozen=True):
    """When a run that starts now is over at the latest, and what it costs at most."""

    ends_at: float | None
    usd: float | None


def forecast(settings: Settings, now: float) -> Forecast:
    hours = settings.session.max_runtime_hours
    return Forecast(None if hours is None else now + hours * 3600, settings.budget.max_cost_usd)


def _limits(place: Surroundings) -> Finding:
    ahead = forecast(place.settings, place.now)
    idle = place.settings.session.max_idle_minutes
    end = "no end" if ahead.ends_at is None else f"over by {format_weekday_clock(ahead.ends_at)}"
    cost = "no budget" if ahead.usd is None else f"${ahead.usd:g} at most"
    silence = "" if idle is None else f", {idle:g} min of silence"
    text = ", ".join(
        [f"{end}, {cost}{silence}", *budget_words(place.settings, place.now, place.environ)]
    )
    used_up = budget_refusal(place.settings, place.now, place.environ)
    if used_up:
        return fail(text, used_up)
    limits = {"session.max_runtime_hours": ahead.ends_at, "budget.max_cost_usd": ahead.usd}
    missing = [name for name, value in limits.items() if value is None]
    return warn(text, f"set {' and '.join(missing)}") if missing else ok(text)


def _usage_limit(place: Surroundings) -> Finding:
    """The usage limit as the last runs reported it."""
    settings = place.settings
    longest, hours = settings.recovery.max_limit_wait_hours, settings.session.max_runtime_hours
    wait = "as long as it takes" if longest is None else f"up to {longest:g} h"
    newest = all_runs(place.project, place.environ)[:3]
    limit = next(filter(None, map(_last_rate_limit, newest)), None)
    if limit is None or limit.resets_at is None or limit.resets_at <= place.now:
        return ok(f"its reset is not known; a run waits for it {wait}")
    away = (limit.resets_at - place.now) / 3600
    used = "" if limit.used is None else f", {limit.used:.0%} used"
    window, clock = limit.window.replace("_", " "), format_weekday_clock(limit.resets_at)
    text = f"{window} resets at {clock}{used}"
    if limit.status != "rejected":
        return ok(text)
    if longest is not None and away > longest:
        advice = f"a run waits {wait}; start later, or raise recovery.max_limit_wait_hours"
        return fail(text, advice)
    if hours is not None and away > hours:
        return fail(text, "it resets after the night is over")
    return warn(text, f"{away:.1f} h of the night are spent waiting")


def _last_rate_limit(run: RunDirectory) -> RateLimit | None:
    """The last report of the usage limit in the end of a run's stream."""
    try:
        with open(run.stream, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _TAIL_BYTES))
            data = file.read()
    except OSError:
        return None
    last = data.rfind(_LIMIT_EVENT)
    if last < 0:
        return None
    line = data[data.rfind(b"\n", 0, last) + 1 : data.find(b"\n", last) + 1 or len(data)]
    for event in ClaudeDecoder(str(run.stream)).decode(line, 0).events:
        if isinstance(event.body, RateLimit):
            return event.body
    return None


def _recovery(place: Surroundings) -> Finding:
    rules = place.settings.recovery
    if not rules.auto_resume:
        advice = "start with --with-recovery, or set recovery.auto_resume"
        return warn("a crash would end the night", advice)
    return ok(f"{rules.max_restarts} restarts within {rules.window_minutes:g} min")


def _notices(place: Surroundings) -> Finding:
    settings = place.settings
    names = [channel.name for channel in configured_channels(settings, place.environ)]
    problems = channel_problems(settings)
    text = ", ".join(names) or "nobody but the bell of an open screen"
    if problems:
        return fail(text, "; ".join(problems))
    if not set(names) - {"tmux"}:
        return warn(text, "set notifications.discord_webhook, slack_webhook or urls")
    quiet = settings.notifications.quiet_hours
    return ok(f"{text}; from {quiet} only when it needs you" if quiet else text)


def _sleep(place: Surroundings) -> Finding:
    if _on_battery():
        return warn("this machine runs on its battery", "plug it in")
    if not place.settings.session.inhibit_sleep:
        text = "not kept from sleeping, as session.inhibit_sleep says"
        return warn(text, "see that the machine stays awake")
    if find_program("systemd-inhibit", place.environ) is None:
        text = "nothing here can keep the machine awake"
        return warn(text, "switch off its sleep, or use `caffeinate -i`")
    return ok("the machine is kept awake while a run is going")


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


def _memory(place: Surroundings) -> Finding:
    return memory_finding(available_memory())


def _tmux(place: Surroundings) -> Finding | None:
    environ = place.environ
    if not environ.get("TMUX"):  # a run outlives its terminal anyway
        return None
    escape = _option(environ, "escape-time")
    if escape.isdigit() and int(escape) > _SLOW_ESCAPE:
        text = f"the escape key waits {escape} ms"
        return warn(text, "`set -sg escape-time 10` in ~/.tmux.conf")
    if not _option(environ, "default-terminal").startswith(("tmux", "screen-256", "xterm-256")):
        advice = '`set -g default-terminal "tmux-256color"` in ~/.tmux.conf'
        return warn("it shows few colours", advice)
    return ok("its settings suit the screen")


def _option(environ: Mapping[str, str], name: str) -> str:
    """A global option of the sessions or of the server; empty if unknown."""
    answers = (ask_tmux(environ, "show-options", scope, name)[1] for scope in ("-gqv", "-sqv"))
    return next((text.strip() for text in answers if text.strip()), "")


def _send_test_messages(place: Surroundings) -> Iterator[CheckResult]:
    """Sends a test message through every channel."""
    from tui.runner.notify.http_services import SendOptions, send
    from tui.runner.notify.message_text import compose, without_credentials
    from tui.system.credentials.hide import spellings_of

    project, rules = place.project, place.settings.notifications
    seconds, private = rules.timeout_seconds, rules.allow_private_addresses
    options = SendOptions(seconds, private, project.name, "test")
    events = [("test", time.time(), "This is a test. Messages of the night will look like it.")]
    message = compose("test message", events, project=project.name, run="none")
    for channel in configured_channels(place.settings, place.environ):
        outcome = send(channel, message, options)
        why = without_credentials(outcome.why, spellings_of([channel.url] if channel.url else []))
        if outcome.result == "sent" or channel.name == "tmux":
            text = "sent" if outcome.result == "sent" else why
            yield CheckResult("test message", "ok", f"{channel.name}: {text}")
        else:
            text = f"{channel.name}: {why or outcome.result}"
            advice = "check the address in the settings, and this machine's way out"
            yield CheckResult("test message", "fail", text, advice)


_CHECKS: Mapping[str, checks.Check] = {
    **checks.CHECKS,
    "limits": _limits,
    "usage limit": _usage_limit,
    "recovery": _recovery,
    "notices": _notices,
    "sleep": _sleep,
    "memory": _memory,
    "tmux": _tmux,
}


class Examination:
    """The checks of one project. The settings are read at once: all other checks need them."""

    def __init__(
        self, project: Path, environ: Mapping[str, str] = os.environ, now: float | None = None
    ) -> None:
        self.project = project
        self._environ = environ
        self._now = time.time() if now is None else now
        self.settings = Settings()
        self.digest = ""
        self._settings_check = self._load_settings()
        self.forecast = forecast(self.settings, self._now)
        self._place = Surroundings(self.project, self.settings, self._environ, self._now)

    @property
    def permissions(self) -> AgentPermissions:
        """What the agent may do in a run that begins now."""
        return self._place.permissions.permissions

    def checks(self, *, notify: bool = False) -> Iterator[CheckResult]:
        """Every check as soon as it is done; `notify` sends a test message too."""
        yield self._settings_check
        place = self._place
        yield from checks.results_of(_CHECKS, place)
        if notify:
            try:
                yield from _send_test_messages(place)
            except (OvernightError, OSError) as error:  # the other checks' findings stand
                yield CheckResult("test message", "fail", str(error))

    def _load_settings(self) -> CheckResult:
        try:
            loaded = load_settings(self.project, environ=self._environ)
        except SettingsError as error:
            advice = "the rest is checked by defaults"
            return CheckResult("settings", "fail", str(error), advice)
        self.settings, self.digest = loaded.settings, loaded.digest
        ignored = ignored_settings(self.project, loaded, self._environ)
        if ignored:
            text = "; ".join(notice.text for notice in ignored)
            return CheckResult("settings", "warn", text, ignored[0].advice)
        if loaded.notices:
            return CheckResult("settings", "warn", loaded.notices[0])
        changed = sum(origin != "default" for origin in loaded.origin.values())
        where = "no file" if loaded.path is None else f"{FILE} is valid"
        if loaded.user_path is not None:
            where += f"; so is your own {user_file(self._environ)}"
        rest = f"{changed} differ from the defaults" if changed else "defaults hold"
        return CheckResult("settings", "ok", f"{where}; {rest}")
