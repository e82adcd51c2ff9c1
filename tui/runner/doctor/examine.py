"""All checks of the doctor, and the forecast of the night."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import RateLimit
from tui.runner.doctor import agent, repository, surroundings
from tui.runner.doctor.check import CheckResult
from tui.settings.load import load
from tui.settings.settings import FILE, Settings
from tui.store.layout import RunDirectory
from tui.store.runs import all_runs
from tui.system.errors import OvernightError, SettingsError
from tui.system.format import format_weekday_clock

_TAIL_BYTES = 8 << 20
_LIMIT_EVENT = b'"rate_limit_event"'


class Forecast(Struct, frozen=True):
    """When a run that starts now is over at the latest, and what it costs at most."""

    ends_at: float | None
    usd: float | None


def forecast(settings: Settings, now: float) -> Forecast:
    hours = settings.session.max_runtime_hours
    return Forecast(None if hours is None else now + hours * 3600, settings.budget.max_cost_usd)


def limit_checks(project: Path, settings: Settings, now: float) -> Iterator[CheckResult]:
    yield _limits(settings, now)
    yield _usage(project, settings, now)
    yield _recovery(settings)


def _limits(settings: Settings, now: float) -> CheckResult:
    ahead, idle = forecast(settings, now), settings.session.max_idle_minutes
    end = "no end" if ahead.ends_at is None else f"over by {format_weekday_clock(ahead.ends_at)}"
    cost = "no budget" if ahead.usd is None else f"${ahead.usd:g} at most"
    silence = "" if idle is None else f", {idle:g} min of silence"
    text = f"{end}, {cost}{silence}"
    limits = {"session.max_runtime_hours": ahead.ends_at, "budget.max_cost_usd": ahead.usd}
    missing = [name for name, value in limits.items() if value is None]
    if missing:
        return CheckResult("limits", "warn", text, f"set {' and '.join(missing)}")
    return CheckResult("limits", "ok", text)


def _usage(project: Path, settings: Settings, now: float) -> CheckResult:
    """The usage limit as the last runs reported it."""
    longest, hours = settings.recovery.max_limit_wait_hours, settings.session.max_runtime_hours
    wait = "as long as it takes" if longest is None else f"up to {longest:g} h"
    newest = all_runs(project, settings.paths.run_dir)[:3]
    limit = next(filter(None, map(_last_rate_limit, newest)), None)
    if limit is None or limit.resets_at is None or limit.resets_at <= now:
        text = f"its reset is not known; a run waits for it {wait}"
        return CheckResult("usage limit", "ok", text)
    away = limit.resets_at - now
    used = "" if limit.used is None else f", {limit.used:.0%} used"
    window, clock = limit.window.replace("_", " "), format_weekday_clock(limit.resets_at)
    text = f"{window} resets at {clock}{used}"
    if limit.status == "rejected" and longest is not None and away > longest * 3600:
        advice = f"a run waits {wait}; start later, or raise recovery.max_limit_wait_hours"
        return CheckResult("usage limit", "fail", text, advice)
    if limit.status == "rejected":
        spent = f"{away / 3600:.1f} h of the night are spent waiting"
        outlasts = hours is not None and away > hours * 3600
        advice = "it resets after the night is over" if outlasts else spent
        return CheckResult("usage limit", "fail" if outlasts else "warn", text, advice)
    return CheckResult("usage limit", "ok", text)


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


def _recovery(settings: Settings) -> CheckResult:
    rules = settings.recovery
    if not rules.auto_resume:
        advice = "start with --with-recovery, or set recovery.auto_resume"
        return CheckResult("recovery", "warn", "a crash would end the night", advice)
    text = f"{rules.max_restarts} restarts within {rules.window_minutes:g} min"
    return CheckResult("recovery", "ok", text)


class Examination:
    """The checks of one project. The settings are read at once: all other checks need them."""

    def __init__(
        self, project: Path, environ: Mapping[str, str] = os.environ, now: float | None = None
    ) -> None:
        self.project = project
        self._environ = environ
        self._now = time.time() if now is None else now
        self.settings, self._settings_check = _settings(project, environ)

    def checks(self, *, notify: bool = False) -> Iterator[CheckResult]:
        """Every check as soon as it is done; `notify` sends a test message too."""
        project, settings, environ = self.project, self.settings, self._environ
        yield self._settings_check
        yield from _guarded("git", repository.repository_checks(project, settings))
        yield from _guarded("agent", agent.agent_checks(project, settings, environ))
        yield from _guarded("limits", limit_checks(project, settings, self._now))
        yield from _guarded("surroundings", surroundings.surroundings_checks(settings, environ))
        if notify:
            yield from _guarded(
                "test message", surroundings.send_test_messages(settings, project, environ)
            )

    @property
    def forecast(self) -> Forecast:
        return forecast(self.settings, self._now)


def _guarded(name: str, results: Iterator[CheckResult]) -> Iterator[CheckResult]:
    """The results, with one more for a check that cannot be made."""
    try:
        yield from results
    except (OvernightError, OSError) as error:
        yield CheckResult(name, "fail", str(error))


def _settings(project: Path, environ: Mapping[str, str]) -> tuple[Settings, CheckResult]:
    try:
        loaded = load(project, environ=environ)
    except SettingsError as error:
        return Settings(), CheckResult(
            "settings", "fail", str(error), "the rest is checked by defaults"
        )
    if loaded.notices:
        return loaded.settings, CheckResult("settings", "warn", loaded.notices[0])
    changed = sum(origin != "default" for origin in loaded.origin.values())
    where = "no file" if loaded.path is None else f"{FILE} is valid"
    text = f"{where}; {changed} differ from the defaults" if changed else f"{where}; defaults hold"
    return loaded.settings, CheckResult("settings", "ok", text)
