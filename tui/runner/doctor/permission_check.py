"""What tonight's permissions allow: whether the project's tests and a commit would run, by the rules."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.claude.settings_files import read_settings_files
from tui.model.permissions.granted import AgentPermissions, CommandPurpose, PermissionPreset
from tui.runner.permissions.judgement import (
    Decision,
    RulesInForce,
    decide,
    lets_edit,
    rules_in_force,
)
from tui.runner.permissions.preset import permissions_of
from tui.runner.rehearsal.test_command import find_test_command
from tui.settings.settings import Settings
from tui.system.format import format_count, shorten

_COMMIT = "git add -A && git commit -m work"
_EDITS = "edits"
_MOST_NAMED = 8
_LONGEST = 200
_STOPS = (Decision.DENIED, Decision.REFUSED)

Finding = tuple[Literal["ok", "warn", "fail"], str, str]


class PermissionForecast(Struct, frozen=True):
    """What becomes of the commands that a night cannot do without; `test` is empty where none is known."""

    permissions: AgentPermissions
    rules: RulesInForce
    test: str
    test_decision: Decision
    commit_decision: Decision

    @property
    def stopped(self) -> tuple[str, ...]:
        """The commands that would not run, and edits where they would be refused."""
        tests = (self.test,) if self.test and self.test_decision in _STOPS else ()
        commits = ("git commit",) if self.commit_decision in _STOPS else ()
        return (*tests, *commits, *(() if lets_edit(self.rules) else (_EDITS,)))

    @property
    def is_by_classifier(self) -> bool:
        return Decision.CLASSIFIED in (self.test_decision, self.commit_decision)


def forecast_permissions(
    project: Path,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    permissions: AgentPermissions | None = None,
    words: tuple[str, ...] = (),
) -> PermissionForecast:
    """Judges the project's test command and a commit; `words` are further arguments of the agent.

    Without `permissions` those count that a run would have that begins now.
    """
    permissions = permissions or permissions_of(settings.agent, project)
    sources = read_settings_files(project, environ, (*settings.agent.extra_args, *words))
    rules = rules_in_force(permissions, sources)
    tests = find_test_command(project, settings)
    test = shlex.join(tests.words) if tests is not None else ""
    return PermissionForecast(
        permissions, rules, test, decide(test or "true", rules), decide(_COMMIT, rules)
    )


def permission_finding(forecast: PermissionForecast) -> Finding:
    """The doctor's row: what would be refused, and what to do about it."""
    permissions = forecast.permissions
    if permissions.preset == PermissionPreset.ALL:
        text = "all: nothing is asked or denied, and the agent may do anything that you may"
        return "warn", text, "leave out agent.skip_permissions and --permissions all"
    name = _name(forecast)
    if forecast.rules.mode == "plan":
        return "fail", f"{name}: in plan mode nothing is carried out", "set agent.permissions"
    if forecast.stopped:
        named = [one if one == _EDITS else f"`{shorten(one, 60)}`" for one in forecast.stopped]
        what = " and ".join(named)
        text = f"{name}: {what} will be refused: nobody is there to allow them"
        return "warn", text, _remedy(forecast)
    return "ok", f"{name}: {_runs(forecast)}", ""


def _name(forecast: PermissionForecast) -> str:
    permissions = forecast.permissions
    if permissions.preset in (PermissionPreset.MODE, PermissionPreset.ASK):
        named = forecast.rules.mode
        return f"ask ({named})" if permissions.preset == PermissionPreset.ASK else named
    return permissions.preset.value


def permission_summary(forecast: PermissionForecast) -> str:
    """What is shown before a run starts, a fact a line: the finding, what is denied, what changes it."""
    _, text, advice = permission_finding(forecast)
    permissions = forecast.permissions
    parts = [text]
    if permissions.preset == PermissionPreset.STANDARD:
        parts.append("denied: network, pushes, publishing, sudo and what destroys")
    parts += _counts(permissions)
    found = _found(permissions)
    if found and permissions.preset != PermissionPreset.ALL:
        parts.append(f"commands of this project: {found}")
    if advice:
        parts.append(f"to change that: {advice}")
    return "\n  ".join(parts)


def _runs(forecast: PermissionForecast) -> str:
    if forecast.is_by_classifier:
        return "the agent's classifier decides on tests and commits as they come"
    if not forecast.test:
        return "`git commit` runs; no file names a test command"
    return f"`{shorten(forecast.test, 60)}` and `git commit` run"


def _counts(permissions: AgentPermissions) -> list[str]:
    own = len(permissions.allowed)
    if permissions.preset != PermissionPreset.STANDARD:
        return [f"{format_count(own, 'rule')} of your own"] if own else []
    allow = len(permissions.allow) + own
    return [f"{allow} rules allow, {len(permissions.deny)} deny (`doctor --json` lists them)"]


def _found(permissions: AgentPermissions) -> str:
    texts = [one.text for one in permissions.commands if one.purpose != CommandPurpose.OTHER]
    more = f" and {len(texts) - _MOST_NAMED} more" if len(texts) > _MOST_NAMED else ""
    return shorten(", ".join(texts[:_MOST_NAMED]), _LONGEST) + more


def _remedy(forecast: PermissionForecast) -> str:
    permissions, rules = forecast.permissions, forecast.rules
    if any(_is_ours(one, permissions) for one in forecast.stopped):
        where = "permissions.ask or permissions.deny"
        return f"a rule of the agent's own settings ({where}) stands against it: take it out"
    if any(_is_ours(one, replace(permissions, disallowed=())) for one in forecast.stopped):
        return "a rule of agent.disallowed_tools stands against it: take it out"
    if permissions.preset == PermissionPreset.STANDARD:
        return "add rules for them to agent.allowed_tools; `doctor --json` lists those in force"
    switch = {
        PermissionPreset.MODE: "leave agent.permission_mode out: agent.permissions standard allows them",
        PermissionPreset.EDITS: "set agent.permissions to standard",
        PermissionPreset.ASK: "set agent.permissions to standard",
    }[permissions.preset]
    test = [f'"Bash({forecast.test}:*)"'] if forecast.test in forecast.stopped else []
    commit = (
        ['"Bash(git add:*)"', '"Bash(git commit:*)"'] if "git commit" in forecast.stopped else []
    )
    edit = ['"Edit"'] if _EDITS in forecast.stopped else []
    named = ", ".join([*test, *commit, *edit])
    return f"{switch}; or add {named} to agent.allowed_tools" if rules.mode else switch


def _is_ours(command: str, permissions: AgentPermissions) -> bool:
    """Whether the run's own rules alone would let the command run."""
    rules = rules_in_force(permissions)
    return lets_edit(rules) if command == _EDITS else decide(command, rules) == Decision.RUNS
