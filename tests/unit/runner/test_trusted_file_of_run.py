"""What a run took from the trusted file of its project holds until its end, whatever becomes of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tui.runner.run_context import RunContext
from tui.settings.load import load
from tui.settings.settings import FILE, Settings
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, create_run

TRUSTED = """\
agent:
  env: {TOKEN: "${NIGHT_TOKEN}"}
notifications:
  discord_webhook: "https://discord.example/hook"
"""


def begin(project: Path, text: str, *, is_trusted: bool) -> RunDirectory:
    """A run of a project with that settings file."""
    (project / FILE).parent.mkdir(exist_ok=True)
    (project / FILE).write_text(text)
    loaded = load(project, environ={}, is_trusted=lambda digest: is_trusted)
    facts = RunFacts("r", "goal", str(project), 1_000.0, ("agent",))
    return create_run(project, facts, loaded.settings, trusted_file=loaded.trusted_file)


def secrets_of(run: RunDirectory) -> tuple[str, dict[str, str]]:
    """What a supervisor that starts now has."""
    settings: Settings = RunContext.load(run, FakeClock()).settings
    env = {name: secret.reveal() for name, secret in settings.agent.env.items()}
    webhook = settings.notifications.discord_webhook
    return "" if webhook is None else webhook.reveal(), env


@pytest.mark.parametrize("change", ["edited", "removed", "broken", "as it was"])
def test_a_restarted_supervisor_has_what_the_run_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setenv("NIGHT_TOKEN", "value")
    run = begin(tmp_path, TRUSTED, is_trusted=True)
    if change == "removed":
        (tmp_path / FILE).unlink()
    elif change != "as it was":
        new = "agent: {env: {TOKEN: other}}" if change == "edited" else ": [\n"
        (tmp_path / FILE).write_text(new)
    assert secrets_of(run) == ("https://discord.example/hook", {"TOKEN": "value"})


def test_what_a_project_gives_is_known_as_that_after_a_restart(tmp_path: Path) -> None:
    run = begin(tmp_path, TRUSTED, is_trusted=True)
    webhook = RunContext.load(run, FakeClock()).settings.notifications.discord_webhook
    assert webhook is not None
    assert webhook.of_project


def test_a_file_without_trust_gives_a_run_nothing_and_is_not_kept(tmp_path: Path) -> None:
    run = begin(tmp_path, TRUSTED, is_trusted=False)
    assert not run.trusted_file.exists()
    assert secrets_of(run) == ("", {})


def test_trust_that_is_given_later_is_for_later_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path, "agent: {model: other}", is_trusted=False)
    (tmp_path / FILE).write_text(TRUSTED)
    monkeypatch.setattr("tui.store.trust.is_trusted", lambda *_: True)
    assert secrets_of(run) == ("", {})


def test_the_kept_file_is_private(tmp_path: Path) -> None:
    run = begin(tmp_path, TRUSTED, is_trusted=True)
    assert run.trusted_file.stat().st_mode & 0o777 == 0o600
