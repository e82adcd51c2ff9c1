"""Whether an operation can run now, and why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tui.model.interventions import Injection
from tui.model.session import AgentProcess
from tui.model.snapshot import NightSnapshot
from tui.store.runs import read_abilities

if TYPE_CHECKING:
    from tui.control.foreign_session import Reachability

# What is known of the channels to a foreign session; None before the first look.
FindReachability = Callable[[AgentProcess], "Reachability | None"]


LOOKING = "looking for a way to this session; try again in a moment"


class Availability(NamedTuple):
    """Whether an operation can run now; `reason` is a sentence where it cannot."""

    ok: bool
    reason: str = ""


def find_obstacle(
    name: str,
    has_repository: bool,
    run_dir: str,
    agent: AgentProcess | None,
    snapshot: NightSnapshot | None,
    reachability: FindReachability,
) -> str:
    """Why the operation of that name cannot run now; empty if it can; `run_dir` is our run's or empty."""
    if name in ("checkpoint", "rewind", "undo"):
        reason = "this folder is no git repository; checkpoints need one"
        return "" if has_repository else reason
    if snapshot is None:
        return "the night is still being read; try again in a moment"
    if snapshot.is_over:
        return "no session is going on"
    if name == "withdraw":
        if not waiting_messages(snapshot):
            return "no words of yours wait to be read"
        return read_abilities(run_dir).no_withdrawal if run_dir else ""
    if run_dir or (name == "step_back" and agent is None):
        return ""  # its dialog says of each step why it cannot be done
    if agent is None:
        return "its process is not known here, so nobody can reach it"
    # Asked for dialogs that show the channels too: so they are known when these open.
    reach = reachability(agent)
    if name in ("kill", "step_back"):
        return ""
    if reach is None:
        return LOOKING
    return reach.why_not


def waiting_messages(snapshot: NightSnapshot | None) -> list[Injection]:
    """The messages that nobody has read yet, the newest first."""
    injections = snapshot.interventions.injections if snapshot is not None else ()
    return [injection for injection in reversed(injections) if injection.state == "queued"]
