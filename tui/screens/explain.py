"""Why the program thinks that the session is in the state it shows."""

from __future__ import annotations

from tui.night.model import NightSnapshot
from tui.system.format import format_clock, format_duration_short
from widgets.dialog import Sentence


def explanation(night: NightSnapshot) -> list[Sentence]:
    """The state's reason, the stall's evidence, and the figures behind both, in plain sentences."""
    activity = night.activity
    lines: list[Sentence] = [(activity.state.replace("_", " "), "heading"), activity.reason, ""]
    if night.stall is not None:
        stall = night.stall
        lines.append(
            (f"{stall.kind.replace('_', ' ')} since {format_clock(stall.since)}", "warning")
        )
        lines += [f"  {evidence}" for evidence in stall.evidence]
        lines.append("")
    if activity.last_sign_at is not None:
        lines.append(f"last sign of life {format_clock(activity.last_sign_at)}")
    lines.append(f"idle for {format_duration_short(activity.idle_seconds)}")
    for tool in activity.tools:
        since = "" if tool.since is None else f" since {format_clock(tool.since)}"
        lines.append(f"running {tool.name}{since}: {tool.target}")
    lines += ["", (f"cost: {night.cost.reason or night.cost.source}", "dim")]
    lines.append((f"context window known by: {night.context.basis}", "dim"))
    return lines
