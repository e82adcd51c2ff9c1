"""Typed settings: defaults, then PROJECT/config/overnight.yaml, then the environment, then flags.

The sections are declared in `settings_original` (those of the original system's file) and
`settings_ours`; everything that is said about a setting anywhere comes from there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Struct

from tui.settings_original import (
    Budget,
    Enforcement,
    Logging,
    Notifications,
    Paths,
    Recovery,
    Session,
    Watchdog,
)
from tui.settings_ours import (
    SKIP_PERMISSIONS,
    Agent,
    Checkpoints,
    Price,
    Review,
    Screen,
    Stalls,
)
from tui.settings_types import Secret, says

__all__ = [
    "FILE",
    "SKIP_PERMISSIONS",
    "Agent",
    "Budget",
    "Checkpoints",
    "Enforcement",
    "Loaded",
    "Logging",
    "Notifications",
    "Origin",
    "Paths",
    "Price",
    "Recovery",
    "Review",
    "Screen",
    "Secret",
    "Session",
    "Settings",
    "Stalls",
    "Watchdog",
    "load",
    "powers",
]

FILE: Final = "config/overnight.yaml"

Origin = Literal["default", "file", "environment", "flag"]


class Settings(Struct, frozen=True):
    """Everything that can be set, each value valid."""

    session: Session = Session()
    budget: Budget = Budget()
    recovery: Recovery = Recovery()
    enforcement: Enforcement = Enforcement()
    notifications: Notifications = Notifications()
    watchdog: Watchdog = Watchdog()
    logging: Logging = Logging()
    paths: Paths = Paths()
    agent: Agent = Agent()
    screen: Screen = Screen()
    stalls: Stalls = Stalls()
    checkpoints: Checkpoints = Checkpoints()
    review: Review = Review()
    prices: Annotated[
        dict[str, Price],
        says("Prices by model; they go before the built-in table."),
    ] = msgspec.field(default_factory=dict)


class Loaded(Struct, frozen=True):
    """Settings and where each came from.

    `origin` and `where` are keyed by dotted key (`budget.max_cost_usd`); `where` names file and
    line, variable or command line and lacks the defaults. `path` is the file read, if any, and
    `digest` the SHA-256 of its bytes, by which trust in it can be remembered. `notices` are
    sentences about variables that look like settings but are none.
    """

    settings: Settings
    origin: Mapping[str, Origin]
    where: Mapping[str, str]
    path: Path | None = None
    digest: str = ""
    notices: tuple[str, ...] = ()


def load(
    project: Path,
    *,
    flags: Mapping[str, object] = {},
    environ: Mapping[str, str] = os.environ,
) -> Loaded:
    """The project's settings; SettingsError, in one sentence, for anything that does not fit.

    `flags` is keyed by dotted key; `None` means not given. A missing file is no error.
    """
    from tui.settings_load import gather

    return gather(Path(project), flags, environ)


def powers(loaded: Loaded) -> dict[str, str]:
    """Keys by which the project's own file does more than configure, each with what it does.

    Whoever did not write that file is to be asked before they take effect.
    """
    if "file" not in loaded.origin.values():
        return {}
    from tui.settings_load import powers_of

    return powers_of(loaded)
