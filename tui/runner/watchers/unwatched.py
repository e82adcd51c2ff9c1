"""Notifies people that a run has no supervisor and gets none: `python -m … RUN`."""

from __future__ import annotations

import sys
from pathlib import Path

from tui.model.state import NotifyKind
from tui.runner.notify.outbox import notifier_for
from tui.runner.run_context import RunContext
from tui.store.layout import RunDirectory

_TEXT = (
    "the watchdog keeps dying: nothing ends the session at its limits or takes it up again; "
    "`overnight-tui doctor` may say why"
)


def main(arguments: list[str] | None = None) -> int:
    """Sends it through the channels of the run's settings."""
    words = sys.argv[1:] if arguments is None else arguments
    context = RunContext.load(RunDirectory(Path(words[0]).absolute()))
    notifier = notifier_for(context)
    notifier.notify(NotifyKind.NEEDS_YOU, f"run {context.folder.id}: {_TEXT}")
    notifier.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
