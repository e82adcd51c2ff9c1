"""Where the trace of an error goes that should not have happened."""

from __future__ import annotations

from tui.system import files, paths
from tui.system.errors import OvernightError


def report_crash(error: BaseException) -> str:
    """Writes the traceback to the crash log, if possible; a sentence that says where it is."""
    import traceback

    where = paths.state_dir() / "crash.log"
    try:
        files.private_folder(where.parent)
        text = "".join(traceback.format_exception(error)) + "\n"
        files.append_line(where, text.encode("utf-8", "replace"))
    except (OSError, OvernightError):
        return f"this should not have happened: {type(error).__name__}: {error}"
    return f"this should not have happened ({type(error).__name__}); the trace is in {where}"
