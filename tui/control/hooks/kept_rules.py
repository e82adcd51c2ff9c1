"""Makes the file of rules that hook calls read: from the settings, or for a run from what it began with.

Beside what the person protects, an agent may not write what would take the protection away: our state, and the
settings in which Claude Code finds its hooks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.control.protect.rules import KeptRules, Rules, clean_rules, encode_rules, stamp_of
from tui.model.permissions.denied_commands import denied_unless
from tui.model.permissions.granted import PermissionPreset
from tui.settings.own_sections import ProtectSettings
from tui.settings.settings import FILE, LoadedSettings, user_path
from tui.store.project_record import read_record
from tui.store.state_names import PROJECT_FILE, PROJECTS, RULES
from tui.store.trust import TRUST_FILE, load_settings
from tui.system import paths
from tui.system.errors import OvernightError
from tui.system.files import atomic_write

_CLAUDE_SETTINGS: Final = (".claude/settings.json", ".claude/settings.local.json")
_GIT_PROGRAMS: Final = ("hooks/**", "config", "config.worktree")
"""Where git finds programs to run, below its folder."""
_MACHINE: Final = ("/etc", "/boot")
_HOME_FILES: Final = tuple(
    f"~/{name}"
    for name in (
        ".bashrc .bash_profile .bash_login .profile .zshrc .zshenv .zprofile .gitconfig .config/git"
        " .config/systemd .config/autostart .config/fish .ssh .local/bin"
    ).split()
)
"""What is started with the machine or with a person's next shell: no night may write there."""
_OWN_COMMANDS: Final = ("overnight-tui hooks", "overnight-tui trust")
_UNATTENDED: Final = frozenset({PermissionPreset.STANDARD, PermissionPreset.EDITS})


class RulesNotReadError(OvernightError):
    """The settings cannot be read, so nobody knows what is protected."""


def renew(state: str, environ: Mapping[str, str] = os.environ) -> KeptRules:
    """The rules of the project whose state folder that is, made of its settings as they are now, and kept."""
    record = read_record(Path(state) / PROJECT_FILE)
    if record is None:
        raise RulesNotReadError(f"{state} does not say which project it is for")
    project = Path(os.fsdecode(record.path))
    sources = tuple(
        stamp_of(os.fspath(one))
        for one in (user_path(environ), project / FILE, paths.state_dir(environ) / TRUST_FILE)
    )  # before they are read: a change meanwhile is seen by the next call
    try:
        loaded = load_settings(project, environ=environ)
    except OvernightError as error:
        raise RulesNotReadError(str(error)) from error
    rules = _installed(loaded, project, environ)
    kept = KeptRules(os.fspath(project), rules, sources)
    _keep(Path(state) / RULES, kept)
    return kept


def make_mailbox(folder: str) -> str:
    """The mailbox of the project that a folder belongs to, made. OvernightError where there can be none."""
    from tui.control.channels.mailbox import Mailbox
    from tui.store.repository_identity import work_tree_root

    if not folder:
        raise RulesNotReadError("the call does not say where the session works")
    mailbox = Mailbox(Path(work_tree_root(folder) or folder))
    mailbox.create()
    return os.fspath(mailbox.folder)


def keep_for_run(
    file: Path,
    project: Path,
    protect: ProtectSettings,
    preset: PermissionPreset,
    allowed: Iterable[str] = (),
    unread: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> KeptRules:
    """The rules of a run, kept in `file`: they hold until its end. Raises OSError.

    Where nobody watches, what the preset denies holds as well, but what the person's own `allowed` names;
    `unread` are its rules for files that may not be read.
    """
    is_unattended = preset in _UNATTENDED
    rules = Rules(
        paths=clean_rules((*protect.paths, *_state_globs(project, environ), *unread)),
        commands=clean_rules((*protect.commands, *_OWN_COMMANDS)),
        written=clean_rules(
            (*_claude_settings(environ), *_git_globs(project), *_outside(project, environ))
            if is_unattended
            else ()
        ),
        denied=denied_unless(allowed) if is_unattended else (),
    )
    kept = KeptRules(os.fspath(project), rules)
    _keep(file, kept)
    return kept


def _installed(loaded: LoadedSettings, project: Path, environ: Mapping[str, str]) -> Rules:
    """The rules of a session that a person started: what is protected, and what protects it."""
    protect = loaded.settings.protect
    if not protect.paths and not protect.commands:
        return Rules()
    is_of_project = any(
        loaded.origin.get(f"protect.{name}") == "file" for name in ("paths", "commands")
    )
    return Rules(
        paths=clean_rules((*protect.paths, *_state_globs(project, environ))),
        commands=clean_rules((*protect.commands, *_OWN_COMMANDS)),
        written=clean_rules((*_claude_settings(environ), *((FILE,) if is_of_project else ()))),
    )


def _state_globs(project: Path, environ: Mapping[str, str]) -> Sequence[str]:
    """Our state; where the project itself lies in it, all that is not the project's."""
    state = paths.state_dir(environ)
    if paths.is_within(state, project):
        return f"{state}/{PROJECTS}", f"{state}/*.json", f"{state}/*.jsonl"
    return (os.fspath(state),)


def _claude_settings(environ: Mapping[str, str]) -> Sequence[str]:
    folder = paths.claude_dir(environ)
    return (*_CLAUDE_SETTINGS, *(f"{folder}/{os.path.basename(name)}" for name in _CLAUDE_SETTINGS))


def _outside(project: Path, environ: Mapping[str, str]) -> Sequence[str]:
    """What the machine or the person's next shell starts, but what belongs to the project itself."""
    home = environ.get("HOME", "")
    places = {
        one: Path(home + one[1:] if one[:1] == "~" else one) for one in (*_MACHINE, *_HOME_FILES)
    }
    return [
        one
        for one, path in places.items()
        if not paths.is_within(path, project) and not paths.is_within(project, path)
    ]


def _git_globs(project: Path) -> Sequence[str]:
    """Where git finds programs to run, also that of a repository that the project is a work tree of."""
    from tui.store.repository_identity import identity_of

    folders = [".git"]
    with suppress(OSError, ValueError):
        common = os.fsdecode(identity_of(project).path)
        folders += (
            [common] if common != os.path.realpath(project) else []
        )  # else it is no repository
    return [f"{folder}/{name}" for folder in folders for name in _GIT_PROGRAMS]


def _keep(file: Path, kept: KeptRules) -> None:
    atomic_write(file, encode_rules(kept), sync=False)
