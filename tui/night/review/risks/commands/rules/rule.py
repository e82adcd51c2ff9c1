"""How a row of the table of commands is written.

A row: what the goal would have to ask for (`goal.ASKED`), severity, what it does, the programs, a pattern that
the beginning of `Invocation.line` must match, and one that may stand nowhere in it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.model.review import RiskKind, Severity

Row = tuple[str, Severity, str, str, str] | tuple[str, Severity, str, str, str, str]
ANY = r"(?:.* )?"
"""Anything before an option."""
END = r"(?= |$)"
"""The end of an argument."""
LOCAL = (
    r"localhost|127\.0\.0\.1|0\.0\.0\.0|kind-|minikube|docker-desktop|k3d-|rancher-desktop|orbstack"
)
"""Hosts and clusters of this machine."""


class Rule(NamedTuple):
    """One row, compiled at its first use."""

    kind: RiskKind
    asked: str
    severity: Severity
    words: str
    programs: tuple[str, ...]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
