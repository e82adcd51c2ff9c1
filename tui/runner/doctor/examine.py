"""The whole check, in the order in which a person would go through it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.errors import OvernightError, SettingsError
from tui.runner.doctor import agent, night, repository, surroundings
from tui.runner.doctor.check import CheckResult
from tui.runner.doctor.night import Forecast
from tui.settings import Settings, load
from tui.settings.settings import FILE


class Examination:
    """What was found for one project; the settings are looked at first, as all else hangs on them."""

    def __init__(
        self, project: Path, environ: Mapping[str, str] = os.environ, now: float | None = None
    ) -> None:
        self.project = project
        self._environ = environ
        self._now = time.time() if now is None else now
        self.settings, self._of_settings = _settings(project, environ)

    def checks(self, *, notify: bool = False) -> Iterator[CheckResult]:
        """Every check, as soon as it is done; a test message is sent where that is asked for."""
        project, settings, environ = self.project, self.settings, self._environ
        yield self._of_settings
        yield from _guarded("git", repository.checks(project, settings))
        yield from _guarded("agent", agent.checks(project, settings, environ))
        yield from _guarded("limits", night.checks(project, settings, self._now))
        yield from _guarded("surroundings", surroundings.checks(settings, environ))
        if notify:
            yield from _guarded("test message", surroundings.notified(settings, project, environ))

    @property
    def forecast(self) -> Forecast:
        return night.forecast(self.settings, self._now)


def _guarded(name: str, found: Iterator[CheckResult]) -> Iterator[CheckResult]:
    """What cannot be looked at is a finding, too."""
    try:
        yield from found
    except (OvernightError, OSError) as error:
        yield CheckResult(name, "fail", str(error))


def _settings(project: Path, environ: Mapping[str, str]) -> tuple[Settings, CheckResult]:
    try:
        loaded = load(project, environ=environ)
    except SettingsError as error:
        return Settings(), CheckResult("settings", "fail", str(error), "the rest is checked by defaults")
    if loaded.notices:
        return loaded.settings, CheckResult("settings", "warn", loaded.notices[0])
    changed = sum(origin != "default" for origin in loaded.origin.values())
    where = "no file" if loaded.path is None else f"{FILE} is valid"
    text = f"{where}; {changed} differ from the defaults" if changed else f"{where}; defaults hold"
    return loaded.settings, CheckResult("settings", "ok", text)
