"""The class of an API error that the CLI put in the model's place, by its code, status and words.

Newer versions write a code and a status, older ones only words; versions below 1.1 not even that it is an
error. The words are the CLI's own: what a model says of limits and errors is not read here.
"""

from __future__ import annotations

import re
from datetime import tzinfo

from tui.feeds.claude import lenient_values
from tui.feeds.claude.limit_texts import read_limit, window_of
from tui.feeds.claude.wire import RecordLine, ResultLine
from tui.model.failures import ApiFailure, FailureKind, LimitNotice
from tui.system.lazy_pattern import lazy

# A code that says all; the words beside it are not asked.
_PRECISE = {
    "authentication_failed": FailureKind.LOGIN,
    "oauth_org_not_allowed": FailureKind.LOGIN,
    "authentication_error": FailureKind.LOGIN,
    "permission_error": FailureKind.LOGIN,
    "billing_error": FailureKind.CREDIT,
    "model_not_found": FailureKind.MODEL_NOT_FOUND,
    "not_found_error": FailureKind.MODEL_NOT_FOUND,
    "max_output_tokens": FailureKind.OUTPUT_LIMIT,
    "request_too_large": FailureKind.REQUEST_TOO_LARGE,
    "overloaded": FailureKind.OVERLOADED,
    "overloaded_error": FailureKind.OVERLOADED,
}
_VAGUE = {
    "rate_limit": FailureKind.USAGE_LIMIT,
    "rate_limit_error": FailureKind.RATE_LIMIT,
    "server_error": FailureKind.SERVER_ERROR,
    "api_error": FailureKind.SERVER_ERROR,
    "timeout_error": FailureKind.CONNECTION,
    "invalid_request": FailureKind.INVALID_REQUEST,
    "invalid_request_error": FailureKind.INVALID_REQUEST,
}
# In this order: what comes first is the more special.
_BY_WORDS = tuple(
    (kind, lazy(words, re.I))
    for kind, words in (
        (
            FailureKind.CREDIT,
            r"credit balance (?:is )?too low|billing_error|purchase credits|insufficient[ _]"
            r"(?:credit|balance|fund|quota)|requires more credits",
        ),
        (
            FailureKind.RATE_LIMIT,
            r"not your usage limit|request rejected \(429\)|temporarily limiting requests"
            r"|(?:exceed|account'?s?|organization'?s?) (?:\w+ )*rate limit|rate_limit_error"
            r"|too many requests|rate limit (?:reached|exceeded)|fast limit",
        ),
        (
            FailureKind.EXTRA_USAGE,
            r"(?:extra usage|usage credits?) (?:is|are )?\s*required"
            r"|requires (?:extra usage|usage credits)"
            r"|out of (?:extra usage|usage credits|usage)\b|spend limit|limit is set to \$0"
            r"|allocation has been disabled|seat type doesn.?t include|disabled for your org\b"
            r"|reached your .{1,40} limit\W+(?:run )?/(?:usage-credits|extra-usage|model)",
        ),
        (
            FailureKind.USAGE_LIMIT,
            r"(?<!context )\blimit reached\b|\blimit exhausted\b|hit your .{0,40}limit"
            r"|reached (?:your .{0,40}|its usage )limit|\bregain access\b"
            r"|\bused (?:up )?your .{0,40}limit|\blimits? will reset\b",
        ),
        (
            FailureKind.LOGIN,
            r"/login\b|invalid (?:x-)?api[ -]key|invalid x-api-key"
            r"|invalid authentication|oauth token|not logged in"
            r"|failed to authenticate|authentication_error|authentication error"
            r"|disabled organization|organization has been disabled"
            r"|could not resolve authentication|session (?:has )?expired"
            r"|(?:load|find) .{0,20}credentials|token (?:included in the request )?is (?:expired|invalid)"
            r"|disabled (?:api key|claude subscription)",
        ),
        (
            FailureKind.FORBIDDEN,
            r"not have access to claude\b|disabled by your organization|not available in your region",
        ),
        (
            FailureKind.PROMPT_TOO_LONG,
            r"prompt is too long|input (?:is|length).{0,60}(?:too long|exceed)"
            r"|exceeds? .{0,40}context (?:window|limit|length)"
            r"|context (?:window|limit).{0,30}(?:exceeded|reached)"
            r"|reached its context window"
            r"|conversation (?:is )?too long|maximum context length",
        ),
        (
            FailureKind.REQUEST_TOO_LARGE,
            r"request (?:is )?too large|request_too_large|image (?:was|is) too large"
            r"|image exceeds|exceeds? the api limit"
            r"|pdf (?:is )?too large|pdf pages|dimension limit|too many (?:images|files)",
        ),
        (
            FailureKind.POLICY,
            r"safeguards flagged|usage policy|/legal/aup|content filtering"
            r"|content_filter|blocked by content",
        ),
        (FailureKind.OUTPUT_LIMIT, r"output token maximum|max(?:imum)?[_ ]output[_ ]tokens"),
        (
            FailureKind.MODEL_NOT_FOUND,
            r"model not found|not_found_error|issue with the selected model|invalid model name"
            r"|model .{1,80}(?:is not available|does not exist|not supported)"
            r"|is not available with the .{1,30}plan|model identifier is invalid"
            r"|access to the model with"
            r"|no such model|unknown model",
        ),
        (FailureKind.OVERLOADED, r"overloaded|experiencing high load|at capacity|high demand"),
        (
            FailureKind.CONNECTION,
            r"connection (?:was )?(?:error|lost|closed|reset|refused|timed out|to the api)"
            r"|unable to connect|timed? ?out\b|fetch failed"
            r"|econn\w+|enotfound|etimedout|epipe|eai_again|ehostunreach|enetunreach"
            r"|socket hang up|network (?:error|issue)"
            r"|\bterminated\b|certificate|response stalled|stream (?:idle|ended|closed)"
            r"|premature close|no internet",
        ),
        (
            FailureKind.SERVER_ERROR,
            r"internal server error|\bapi_error\b|server[- ]side issue|bad gateway"
            r"|service unavailable",
        ),
        (
            FailureKind.INVALID_REQUEST,
            r"invalid_request_error|could not process|tool use concurrency|duplicate tool_use"
            r"|\bpdf\b.{0,20}(?:was not valid|password protected)|inputs are not permitted",
        ),
    )
)
_STATUS = lazy(
    r"\bapi error\b(?: \([\w.:/@-]{1,100}\))?[^\w]{0,4}(?:status )?([45]\d\d)\b|\b(?:status(?: code)?|http"
    r"|error code)[ :]{1,3}([45]\d\d)\b|\brepeated (529)\b",
    re.I,
)
# How the CLI's own errors begin that it does not mark as such; what it says otherwise is no error.
_UNMARKED = lazy(
    r"\s*(?:API Error(?::| \(|\s*\Z)|Claude (?:AI )?usage limit reached\b"
    r"|(?:[\w-]+ ){1,3}limit reached\s*(?:[∙·•|.]|\Z)|You(?:.ve)? (?:hit|reached) your\b"
    r"|You(?:.ve| have) (?:used|reached) your .{0,40}limit"
    r"|You.re out of (?:extra usage|usage)|Credit balance (?:is )?too low|Invalid API key"
    r"|Not logged in|Login expired|Please run /login|Unable to connect to API\b"
    r"|OAuth (?:token|authentication|session|error)|Failed to authenticate|Authentication error"
    r"|Request timed out|(?:Request|PDF|Image was) too large|Error during compaction: \w"
    r"|Prompt is too long|Connection error|There's an issue with the selected model"
    r"|The model \S+ is not available"
    r"|(?:Extra usage|Usage credits).{1,20}required"
    r"|This organization has been disabled|Routines are disabled by"
    r"|Your (?:organization (?:has (?:disabled|reached its)|does not have access)"
    r"|ANTHROPIC_API_KEY belongs|account does not have access|seat type doesn.t|org is out of)"
    r"|\w+ is experiencing high load|Repeated 529|Claude \w+ is not available"
    r"|Claude's response exceeded)",
    re.I,
)


def failure_of(line: RecordLine, words: str, code: str) -> ApiFailure | None:
    """The error that a record of the CLI's own holds, marked by a `code` or only told in words."""
    at = lenient_values.epoch_seconds(line.timestamp) if line.timestamp else None
    text = lenient_values.single_line(words)
    if not code:
        return read_unmarked(text, at)
    failure = read_failure(text, code, line.api_status or line.api_error_status or 0, at)
    quota = line.quota
    if quota is not None and quota.status == "rejected":
        return with_window(failure, lenient_values.name(quota.rateLimitType), quota.resetsAt)
    return failure


def failure_of_result(result: ResultLine) -> ApiFailure | None:
    """The API's error that ended a turn, where its `result` is all that tells of it."""
    text = lenient_values.single_line(result.result)
    status = result.api_error_status or 0
    return read_failure(text, "", status, None) if status else read_unmarked(text, None)


def read_failure(
    text: str, code: str, status: int, at: float | None, zone: tzinfo | None = None
) -> ApiFailure:
    """The failure of a record that is marked as an error.

    `at` is when it was written, which dates the reset of a limit; `zone` holds for a clock without one
    (None: the machine's).
    """
    status = status or _written_status(text)
    kind = _PRECISE.get(code) or _by_words(text)
    if kind is None:
        kind = _VAGUE.get(code)
        if kind == FailureKind.USAGE_LIMIT and _written_status(text):
            kind = FailureKind.RATE_LIMIT  # a server's own answer; a limit of the CLI has words
    if kind is None or (kind == FailureKind.SERVER_ERROR and status):
        kind = FailureKind.of_status(status)
    if kind not in (FailureKind.USAGE_LIMIT, FailureKind.EXTRA_USAGE):
        return ApiFailure(kind, text, status)
    limit = read_limit(text, at, zone)
    if limit.words:
        kind = FailureKind.USAGE_LIMIT  # it lifts by itself
    return ApiFailure(kind, text, status, limit if kind == FailureKind.USAGE_LIMIT else None)


def read_unmarked(text: str, at: float | None, zone: tzinfo | None = None) -> ApiFailure | None:
    """The failure in a text of the CLI's own that nothing marks as an error; None where it is none."""
    if _UNMARKED.match(text) is None:
        return None
    return read_failure(text, "", 0, at, zone)


def is_failure_text(text: str) -> bool:
    """Whether a whole answer, such as a subagent's, is one of the CLI's errors and nothing else."""
    return len(text) < 600 and "\n\n" not in text.strip() and _UNMARKED.match(text) is not None


def with_window(failure: ApiFailure, window: str, resets_at: float | None) -> ApiFailure:
    """The failure with what a record tells of its limit beside the words (`quotaLimits`)."""
    words = failure.limit or LimitNotice()
    limit = LimitNotice(
        window_of(window) or words.window,
        words.resets_at if resets_at is None else resets_at,
        words.words,
        words.latest,
    )
    return ApiFailure(FailureKind.USAGE_LIMIT, failure.text, failure.status, limit)


def _by_words(text: str) -> FailureKind | None:
    return next((kind for kind, words in _BY_WORDS if words.search(text)), None)


def _written_status(text: str) -> int:
    found = _STATUS.search(text)
    return int(found[1] or found[2] or found[3]) if found is not None else 0
