"""A fault of ours becomes one sentence for the person; its trace goes to a file for us."""

from __future__ import annotations


def report_crash(error: BaseException) -> str:
    """Writes the fault's trace to the crash log, if that can be written, and says where it is."""
    import traceback

    from tui import paths

    where = paths.state_dir() / "crash.log"
    try:
        where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with where.open("a", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(error)) + "\n")
    except OSError:
        return f"this should not have happened: {type(error).__name__}: {error}"
    return f"this should not have happened ({type(error).__name__}); the trace is in {where}"
