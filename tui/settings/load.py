"""Loads settings: the defaults where nothing was given, which is seen without loading anything else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tui.settings.original_sections import DISCORD, SLACK
from tui.settings.settings import LoadedSettings, Settings
from tui.settings.sources import PREFIX, SourceFile, read_project_file, read_user_file


def load(
    project: Path,
    *,
    flags: Mapping[str, object] = {},
    environ: Mapping[str, str] = os.environ,
    is_trusted: Callable[[str], bool] = lambda digest: False,
    file: SourceFile | None = None,
) -> LoadedSettings:
    """The project's settings; SettingsError, in one sentence, for anything that does not fit.

    `flags` is keyed by dotted key; `None` means not given. A missing file is no error. `is_trusted` says, by
    its digest, whether the person trusts the project's file; without trust it configures only.
    The program loads through `store.trust.load_settings`, which knows. With `file` the project's own is
    not read.
    """
    user, file = read_user_file(environ), file or read_project_file(project)
    is_given = (
        user.data is not None
        or file.data is not None
        or bool(file.notice)
        or any(value is not None for value in flags.values())
        or any(name.startswith(PREFIX) or name in (DISCORD, SLACK) for name in environ)
    )
    if is_given:
        from tui.settings.layers import settings_given

        return settings_given(user, file, flags, environ, is_trusted)
    settings = Settings()
    origin = MappingProxyType(dict.fromkeys(settings.dotted_keys(), "default"))
    return LoadedSettings(settings, origin, MappingProxyType({}))  # type: ignore[arg-type]
