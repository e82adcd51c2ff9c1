"""The class of an API error that the CLI put in the model's place, by its code, status and words."""

from __future__ import annotations

from tui.model.failures import ApiFailure, FailureKind, LimitNotice

_BY_CODE = {
    "authentication_failed": FailureKind.LOGIN,
    "oauth_org_not_allowed": FailureKind.LOGIN,
    "billing_error": FailureKind.CREDIT,
    "rate_limit": FailureKind.USAGE_LIMIT,
    "overloaded": FailureKind.OVERLOADED,
    "server_error": FailureKind.SERVER_ERROR,
    "invalid_request": FailureKind.INVALID_REQUEST,
    "max_output_tokens": FailureKind.OUTPUT_LIMIT,
}


def read_failure(text: str, code: str, status: int, at: float | None) -> ApiFailure:
    """The failure of a record; `at` is when it was written, which dates the reset of a limit."""
    kind = _BY_CODE.get(code, FailureKind.UNKNOWN)
    limit = LimitNotice() if kind == FailureKind.USAGE_LIMIT else None
    return ApiFailure(kind, text, status, limit)
