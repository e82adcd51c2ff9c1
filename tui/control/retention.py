"""Which checkpoints may go.

`refs/overnight/WORK-TREE/SESSION/N` holds a commit whose tree is the work tree byte for byte. Its
message carries the facts; its last parent holds `index/` (the staged state), `unmerged/` and
`details.json`; a first parent before that is HEAD as it was. An agent can write refs too, so what is
read here is believed only as far as it has the right shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tui.control.checkpoints.object_staging import checkpoint_lock
from tui.control.checkpoints.refs import Checkpoint, _past_their_time, list_checkpoints
from tui.control.rewind.rewind_journal import needed_checkpoints
from tui.system.git import Git


def retire_checkpoints(
    project: Path,
    now: float,
    *,
    keep_all_seconds: float = 24 * 3600,
    keep_hourly_seconds: float | None = None,
    spare: Iterable[str] = (),
) -> list[Checkpoint]:
    """Deletes the refs of checkpoints past their time and returns these.

    Kept are all younger than `keep_all_seconds`, then the last of every hour and session up to
    `keep_hourly_seconds` (None: for ever), the newest of all, what a rewind still needs, and the ids
    in `spare`. The objects stay until git collects them.
    """
    git = Git(project)
    with checkpoint_lock(git, seconds=10):
        known = list_checkpoints(git)
        spared = {*spare, *needed_checkpoints(Path(project)), *(c.id for c in known[-1:])}
        doomed = _past_their_time(known, now, keep_all_seconds, keep_hourly_seconds)
        doomed = [c for c in doomed if c.id not in spared and c.commit not in spared]
        orders = b"".join(b"delete %s %s\n" % (c.ref.encode(), c.commit.encode()) for c in doomed)
        if orders:
            git.run(("update-ref", "--no-deref", "--stdin"), input=orders)
    return doomed
