"""All checks of the doctor: those of limits and machine, the test messages, and the forecast of the night."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from tui.model.permissions.granted import AgentPermissions
from tui.monitor.prices_in_force import price_table
from tui.runner import preflight
from tui.runner.doctor import checks
from tui.runner.doctor.checks import CheckResult, Finding, Surroundings, fail, ok, warn
from tui.runner.doctor.earlier_nights import earlier_nights, last_rate_limit
from tui.runner.doctor.forecast import Forecast, forecast_night
from tui.runner.doctor.machine import available_memory, disk_finding, memory_finding
from tui.runner.doctor.ready_checks import commits_finding, unit_finding
from tui.runner.notify.channels import ask_tmux, channel_problems, configured_channels
from tui.runner.policy.budgets import budget_refusal, budget_words
from tui.settings.settings import FILE, Settings, user_file
from tui.store.runs import all_runs
from tui.store.trust import ignored_settings, load_settings
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError, SettingsError
from tui.system.format import format_count, format_money, format_weekday_clock

_SLOW_ESCAPE = 100
_SHORT_NAMES = frozenset("default opus sonnet haiku opusplan sonnet[1m] opus[1m] best".split())
_POWER = Path("/sys/class/power_supply")


def _limits(place: Surroundings) -> Finding:
    ahead = _forecast(place)
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
    model = place.settings.agent.model
    if model and ahead.usd is not None and not _has_price(place.settings, model):
        advice = (
            f"set prices.{model}, or prices_file: else only the agent's own budget keeps the limit"
        )
        return warn(f"{text}; there is no price for {model}", advice)
    limits = {"session.max_runtime_hours": ahead.ends_at, "budget.max_cost_usd": ahead.usd}
    missing = [name for name, value in limits.items() if value is None]
    return warn(text, f"set {' and '.join(missing)}") if missing else ok(text)


def _has_price(settings: Settings, model: str) -> bool:
    """Whether the cost of this model can be told before the agent says it; short names are Claude's own."""
    table = price_table(settings.prices, settings.prices_file)
    return model in _SHORT_NAMES or table.rates(model) is not None


def _forecast(place: Surroundings) -> Forecast:
    hours, usd = place.settings.session.max_runtime_hours, place.settings.budget.max_cost_usd
    nights = earlier_nights(place.project, place.environ)
    return forecast_night(nights, now=place.now, hours=hours, usd=usd)


def _likely(place: Surroundings) -> Finding | None:
    """What the night is likely to cost, and which limit it meets before its end; None where nothing tells."""
    ahead = _forecast(place)
    if ahead.usd_per_hour is None:
        return None
    by = f"by {format_count(ahead.nights, 'earlier night')}"
    text = f"{format_money(ahead.usd_per_hour)} an hour, {by}"
    ends, hits = ahead.ends_at or float("inf"), []
    if ahead.cost_limit_at is not None and ahead.cost_limit_at < ends:
        hits.append(f"the cost limit is hit at {format_weekday_clock(ahead.cost_limit_at)}")
    for one in ahead.windows:
        if one.full_at is not None and one.full_at < ends:
            name, at = one.window.replace("_", " "), format_weekday_clock(one.full_at)
            hits.append(f"the plan's {name} window is full at {at}")
    if hits:
        return warn(f"{text}: {', and '.join(hits)}", "raise that limit, or plan a shorter night")
    return ok(f"{text}; no limit of cost or plan is met before its end")


def _usage_limit(place: Surroundings) -> Finding:
    """The usage limit as the last runs reported it."""
    settings = place.settings
    longest, hours = settings.recovery.max_limit_wait_hours, settings.session.max_runtime_hours
    wait = "as long as it takes" if longest is None else f"up to {longest:g} h"
    newest = all_runs(place.project, place.environ)[:3]
    limit = next(filter(None, map(last_rate_limit, newest)), None)
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


def _memory(place: Surroundings) -> Finding | None:
    """Too little memory; a rehearsal says too how much there is."""
    found = memory_finding(available_memory())
    return None if found[0] == "ok" else found


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
    "commits": commits_finding,
    "disk": disk_finding,
    "unit": unit_finding,
    "limits": _limits,
    "forecast": _likely,
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
        self._place = Surroundings(self.project, self.settings, self._environ, self._now)

    @property
    def permissions(self) -> AgentPermissions:
        """What the agent may do in a run that begins now."""
        return self._place.permissions.permissions

    @cached_property
    def forecast(self) -> Forecast:
        """When a run that starts now is over and what it costs, at most and likely."""
        return _forecast(self._place)

    @property
    def version(self) -> str:
        """What the agent says of its version; empty where it is not Claude Code, or says nothing."""
        command = self.settings.agent.command
        try:
            if preflight.is_claude(command):
                return preflight.check_version(command, self._environ, self.project)
        except OvernightError:
            pass
        return ""

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
