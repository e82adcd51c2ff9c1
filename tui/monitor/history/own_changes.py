"""What of a night's changes is not the agent's: files that this program keeps, and hooks that it installed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from tui.model.records import FileChange, RepositoryChanges
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.review.risks.agent_settings import (
    SettingsFile,
    has_foreign_hooks,
    is_agent_settings,
)
from tui.settings.original_sections import PathsSettings
from tui.settings.settings import FILE
from tui.store.layout import hook_record, user_hook_record
from tui.store.ledgers.hook_record import MOST_SETTINGS, HookRecord, load_hook_record
from tui.store.project_files import record_names, task_names
from tui.system import paths
from tui.system.errors import OvernightError
from tui.system.files import modified_at, read_small
from tui.system.git import Git

_LOCAL = ".claude/settings.local.json"
_SHARED = ".claude/settings.json"
_SUFFIXES = (".txt", ".md", ".json", ".jsonl", ".log")
_PLAIN_MODES = ("", "100644")
_SLACK = 2.0


class AgentChanges:
    """The changes of a night without what is ours, and the settings files of Claude Code that it changed.

    `written` are the night's calls that name files; `since` and `until` are its times.
    """

    def __init__(
        self,
        project: Path,
        changes: RepositoryChanges,
        names: PathsSettings,
        written: Sequence[RiskyCall] = (),
        since: float | None = None,
        until: float | None = None,
    ) -> None:
        self._project = Path(os.path.realpath(project))
        self._record = load_hook_record(hook_record(project))
        self._all = changes
        self._written = [
            one
            for one in written
            if (one.shell or one.edits) and not one.is_error and ".claude" in one.text
        ]
        self._since, self._until = since, until
        try:
            self._git: Git | None = Git(project)
        except (OvernightError, OSError):
            self._git = None
        top = self._git.work_tree if self._git is not None else self._project
        self._top = Path(os.path.realpath(top))
        self._below = os.path.relpath(self._project, self._top)
        self._own = set(self._own_names(names))
        self._transcripts = self._from_top(f"{names.transcripts}/transcript-")
        listed = [one for one in changes.files if is_agent_settings(one.path)]
        self.settings_files = [*map(self._changed, listed), *self._unlisted()]
        ours = {one.path for one in self.settings_files if one.is_ours_alone}
        self.changes = replace(
            changes,
            files=tuple(one for one in changes.files if not self._is_ours(one, ours)),
            steps=tuple(one for one in changes.steps if not self._is_ours(one, ours)),
        )

    def _own_names(self, names: PathsSettings) -> Iterator[str]:
        # The night may have changed the file that names them: then only the usual names count.
        if any(one.path == self._from_top(FILE) for one in self._all.files):
            names = PathsSettings()
        for name in (*task_names(names), *record_names(names)[:-1]):
            if name.endswith(_SUFFIXES):
                yield self._from_top(name)

    def _from_top(self, name: str) -> str:
        """A path of the project as the diff has it: from the top of the work tree."""
        path = paths.resolve(self._project, name)
        return os.path.relpath(path, self._top)

    def _is_ours(self, change: FileChange, settings: set[str]) -> bool:
        path = change.path
        if path in settings:
            return True
        is_plain = change.new_mode in _PLAIN_MODES and change.old_mode in _PLAIN_MODES
        is_transcript = path.startswith(self._transcripts) and path.endswith(".jsonl")
        return is_plain and (path in self._own or is_transcript)

    # --- settings of Claude Code ---

    def _changed(self, change: FileChange) -> SettingsFile:
        path = change.path
        before = self._committed(self._all.base, change.old_path or path)
        after = self._committed(self._all.head, path) if change.commit else self._now(path)
        return SettingsFile(path, before, after, self._ours(path))

    def _ours(self, path: str) -> tuple[str, ...]:
        return self._record.commands if path == self._from_top(_LOCAL) else ()

    def _committed(self, commit: str, path: str) -> bytes | None:
        if self._git is None or not commit:
            return None
        try:
            return self._git.show_file(commit, path)[:MOST_SETTINGS]
        except (OvernightError, OSError):
            return None

    def _now(self, path: str) -> bytes | None:
        return read_small(self._top / path, MOST_SETTINGS, inside=str(self._top)) or None

    def _unlisted(self) -> Iterator[SettingsFile]:
        """Files that git does not tell of (it ignores them, they lie elsewhere) with a hook of the night."""
        listed = {one.path for one in self._all.files}
        places = dict.fromkeys((self._top, self._project))
        for folder in places:
            for name in (_LOCAL, _SHARED):
                path = os.path.relpath(folder / name, self._top)
                if path not in listed and not self._committed(self._all.head, path):
                    yield from self._hidden(
                        path, folder / name, self._record_of(folder, name), name
                    )
        user = paths.claude_dir() / "settings.json"
        record = load_hook_record(user_hook_record())
        yield from self._hidden(
            "~/.claude/settings.json", user, record, str(user), "~/.claude/settings.json"
        )

    def _record_of(self, folder: Path, name: str) -> HookRecord:
        return self._record if folder == self._project and name == _LOCAL else HookRecord()

    def _hidden(
        self, shown: str, file: Path, record: HookRecord, *names: str
    ) -> Iterator[SettingsFile]:
        data = read_small(file, MOST_SETTINGS, follow=True)
        if not data or not has_foreign_hooks(data, [record.original or b"{}"], record.commands):
            return
        calls = (one for one in reversed(self._written) if any(name in one.text for name in names))
        call = next(calls, None)
        is_here = shown in (_LOCAL, _SHARED) or not shown.startswith("~")
        if call is not None or (is_here and self._is_of_the_night(modified_at(file))):
            ref = call.ref if call is not None else None
            yield SettingsFile(shown, record.original, data, record.commands, ref)

    def _is_of_the_night(self, at: float) -> bool:
        since, until = self._since, self._until
        return since is not None and since <= at and (until is None or at <= until + _SLACK)
