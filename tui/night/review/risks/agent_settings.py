"""What a night put into Claude Code's settings: hooks above all, which run in every later session unasked.

Hooks that this program installed are none of the agent's; they are known by their very commands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from tui.model.events import SourceRef
from tui.night.review.risks.diff_view import RiskFinding
from tui.system.format import clip_text
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_line

_SHOWN = 90
_FILE = lazy(r"(?:^|/)\.claude/settings(?:\.local)?\.json$")
# What starts programs or says what may be done without asking.
_POWERFUL = (
    *("permissions", "sandbox", "env", "apiKeyHelper", "statusLine", "awsAuthRefresh"),
    *("awsCredentialExport", "otelHeadersHelper", "fileSuggestion", "disableAllHooks"),
    *("enableAllProjectMcpServers", "enabledMcpjsonServers", "extraKnownMarketplaces"),
)


class SettingsFile(Struct, frozen=True):
    """A settings file before the night and after it; None for none. `ours` are commands that we installed.

    `ref` is the call that wrote it, where the diff does not tell of the file.
    """

    path: str
    before: bytes | None
    after: bytes | None
    ours: Collection[str] = ()
    ref: SourceRef | None = None

    @property
    def is_ours_alone(self) -> bool:
        """Whether nothing but our own hooks came or went."""
        before, after = _decode(self.before), _decode(self.after)
        if before is None or after is None:
            return False
        return _without(before, self.ours) == _without(after, self.ours)


def is_agent_settings(path: str) -> bool:
    """Whether that is a settings file of Claude Code, by its name."""
    return _FILE.search(path) is not None


def find_settings_risks(files: Iterable[SettingsFile]) -> Iterator[RiskFinding]:
    """One finding for each file with a hook that the night brought, or with other powers."""
    for file in files:
        before, after = _decode(file.before) or {}, _decode(file.after)
        if after is None:
            continue
        known = {_canonical(hook) for _, hook in _hooks(before)}
        new = [
            (event, hook)
            for event, hook in _hooks(after)
            if _canonical(hook) not in known and hook.get("command") not in file.ours
        ]
        changed = [key for key in _POWERFUL if before.get(key) != after.get(key)]
        if new:
            event, hook = new[0]
            does = hook.get("command") or hook.get("url") or hook.get("prompt") or ""
            what = clip_text(clean_line(f"{event}: {does}"), _SHOWN)
            words = f"a hook that every later session runs unasked: {what}"
            yield RiskFinding("permissions", file.path, "high", words, by_shell=True, ref=file.ref)
        elif changed and file.before != file.after:
            words = f"the agent's own settings changed: {', '.join(changed[:3])}"
            yield RiskFinding(
                "permissions", file.path, "medium", words, by_shell=True, ref=file.ref
            )


def has_foreign_hooks(data: bytes, others: Iterable[bytes], ours: Collection[str]) -> bool:
    """Whether the settings hold a hook that is in none of the others, and none of ours."""
    known = {_canonical(hook) for other in others for _, hook in _hooks(_decode(other) or {})}
    hooks = _hooks(_decode(data) or {})
    return any(_canonical(one) not in known and one.get("command") not in ours for _, one in hooks)


def _decode(data: bytes | None) -> dict[str, Any] | None:
    """The settings; None for what holds none."""
    if data is None:
        return {}
    try:
        found = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _hooks(settings: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every hook with its event."""
    events = settings.get("hooks")
    for event, groups in events.items() if isinstance(events, dict) else ():
        for group in groups if isinstance(groups, list) else ():
            listed = group.get("hooks") if isinstance(group, dict) else None
            for hook in listed if isinstance(listed, list) else ():
                if isinstance(hook, dict):
                    yield str(event), hook


def _canonical(hook: dict[str, Any]) -> bytes:
    return msgspec.json.encode(hook, order="deterministic")


def _without(settings: dict[str, Any], ours: Collection[str]) -> dict[str, Any]:
    """The settings without our hooks, and without what is empty."""
    kept: dict[str, list[Any]] = {}
    events = settings.get("hooks")
    if not isinstance(events, dict):
        return settings
    for event, groups in events.items():
        if not isinstance(groups, list):
            return settings
        left = [one for group in groups if (one := _group_without(group, ours)) is not None]
        if left:
            kept[event] = left
    rest = {key: value for key, value in settings.items() if key != "hooks"}
    return {**rest, "hooks": kept} if kept else rest


def _group_without(group: Any, ours: Collection[str]) -> Any:
    hooks = group.get("hooks") if isinstance(group, dict) else None
    if not isinstance(hooks, list):
        return group
    left = [h for h in hooks if not (isinstance(h, dict) and h.get("command") in ours)]
    return {**group, "hooks": left} if left else None
