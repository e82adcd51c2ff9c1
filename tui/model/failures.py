"""What an API error in the model's place says: its class, and for a limit until when.

The decoder makes these of a record's `error`, status and words (`feeds/claude/api_failures`); nobody else
reads those words.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class FailureKind(StrEnum):
    """The class of an error, by what has to happen before the work can go on."""

    LOGIN = "login"
    CREDIT = "credit"
    USAGE_LIMIT = "usage_limit"
    EXTRA_USAGE = "extra_usage"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    PROMPT_TOO_LONG = "prompt_too_long"
    REQUEST_TOO_LARGE = "request_too_large"
    INVALID_REQUEST = "invalid_request"
    MODEL_NOT_FOUND = "model_not_found"
    OUTPUT_LIMIT = "output_limit"
    UNKNOWN = "unknown"

    @property
    def needs_person(self) -> bool:
        """Whether neither waiting nor trying again helps."""
        return self in _FOR_A_PERSON

    @classmethod
    def of_status(cls, status: int) -> FailureKind:
        """The class of an HTTP status, where nothing else tells it."""
        known = _BY_STATUS.get(status)
        return known or (cls.SERVER_ERROR if status >= 500 else cls.UNKNOWN)


_FOR_A_PERSON = frozenset(
    map(FailureKind, ("login", "credit", "extra_usage", "model_not_found", "invalid_request"))
)


_BY_STATUS = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.LOGIN,
    402: FailureKind.CREDIT,
    403: FailureKind.LOGIN,
    404: FailureKind.MODEL_NOT_FOUND,
    408: FailureKind.CONNECTION,
    413: FailureKind.REQUEST_TOO_LARGE,
    425: FailureKind.CONNECTION,
    429: FailureKind.USAGE_LIMIT,
    529: FailureKind.OVERLOADED,
}


class LimitNotice(Struct, frozen=True, gc=False):
    """A usage limit, told in words or as an event: which one, and when it resets (None: unsaid).

    `window` is `five_hour`, `weekly`, a model's name with `weekly`, or empty.
    """

    window: str = ""
    resets_at: float | None = None


class ApiFailure(Struct, frozen=True, gc=False):
    """An error that stands where an answer should; `text` is its words, cleaned and on one line."""

    kind: FailureKind
    text: str
    status: int = 0
    limit: LimitNotice | None = None
