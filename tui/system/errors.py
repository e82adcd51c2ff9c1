"""The error tree; each error is one sentence for the person and an exit code. Also writes the crash log."""

from __future__ import annotations


class OvernightError(Exception):
    """A failure with a sentence for the user; `exit_code` is what a command ends with."""

    exit_code = 1


class UsageError(OvernightError):
    """The command line or the settings are wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """A settings file, variable or flag holds something that cannot be used."""


class NoSessionError(OvernightError):
    """There is no session, no such run, or nothing to look at."""

    exit_code = 3


class RefusedError(OvernightError):
    """A precondition does not hold, so nothing was done."""

    exit_code = 4


class GitError(OvernightError):
    """Git could not do what was asked of it."""


class CheckpointError(OvernightError):
    """A checkpoint could not be taken; none was recorded."""


class RewindError(OvernightError):
    """A rewind stopped; its journal says how far it came and the next start finishes or reverts it."""


class FoldCacheError(OvernightError):
    """The saved state of a night cannot be loaded; its files are read again from the beginning."""
