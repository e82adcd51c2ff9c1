"""The class of an API error, as versions 1.0 to 2.1 of the CLI wrote it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.feeds.claude.api_failures import is_failure_text, read_failure, read_unmarked
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AssistantMessage, RateLimit, TurnResult
from tui.model.failures import ApiFailure, FailureKind

AT = "2026-11-30T11:00:00.000Z"
CLASSES = {
    FailureKind.LOGIN: (
        "Invalid API key · Please run /login",
        "Invalid API key · Fix external API key",
        "Not logged in · Please run /login",
        "OAuth token has expired. Please obtain a new token",
        "Failed to authenticate. API Error: 401 nope",
        'API Error: 401 {"type":"error","error":{"type":"authentication_error"}} · Please run /login',
        'API Error: 403 {"error":{"type":"forbidden","message":"Request not allowed"}}',
        "Your organization has disabled API key authentication · Unset ANTHROPIC_API_KEY",
        "This organization has been disabled.",
        "Login expired · Please run /login",
        "API Error (us.x.claude-1:0): Could not load credentials from any providers",
        "API Error: Token is expired. To refresh this SSO session run 'aws sso login'",
    ),
    FailureKind.FORBIDDEN: (
        "Routines are disabled by your organization's policy.",
        "Your account does not have access to Claude. Contact your administrator.",
    ),
    FailureKind.CREDIT: (
        "Credit balance is too low",
        'API Error: 400 {"error":{"type":"invalid_request_error","message":"Your credit balance is too'
        ' low to access the API."}}',
        "API Error: 402 payment required",
        'API Error: 402 {"error":{"message":"Insufficient Balance","code":"invalid_request_error"}}',
        'API Error: 429 {"error":{"code":"1113","message":"Insufficient balance. Please recharge."}}',
    ),
    FailureKind.USAGE_LIMIT: (
        "Claude AI usage limit reached|1796040000",
        "Claude usage limit reached. Your limit will reset at 1pm (Etc/GMT+5).",
        "5-hour limit reached ∙ resets 3pm",
        "Opus weekly limit reached ∙ resets Dec 3, 1pm",
        "You've hit your limit · resets 3pm (UTC)",
        "You've reached your weekly limit",
        "Your organization has reached its usage limit",
        "API Error: 400 You have reached your specified API usage limits. You will regain access on"
        " 2026-12-01 at 00:00 UTC.",
        "You're out of extra usage · resets 2pm (America/Denver)",
        "You've hit your monthly spend limit · your session limit resets 3pm",
        'API Error: 429 {"error":{"code":"1308","message":"Usage limit reached for 5 hour. Your limit'
        ' will reset at 2026-04-09 15:13:03"}}',
    ),
    FailureKind.EXTRA_USAGE: (
        "API Error: Extra usage is required for 1M context · run /extra-usage to enable, or /model",
        "API Error: Usage credits required for 1M context · run /usage-credits to turn them on",
        "You're out of extra usage",
        "You're out of usage credits. /model to switch models.",
        "You've hit your monthly spend limit. /model to switch models.",
        "You've reached your Fable limit. Run /usage-credits to continue or switch models with /model.",
    ),
    FailureKind.RATE_LIMIT: (
        "API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited",
        "API Error: Request rejected (429) · this may be a temporary capacity issue.",
        'API Error: 429 {"error":{"type":"rate_limit_error","message":"This request would exceed your'
        " account's rate limit. Please try again later.\"}}",
        "API Error: 429 slow down",
    ),
    FailureKind.OVERLOADED: (
        'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        "API Error: Repeated 529 Overloaded errors. The API is at capacity",
        "Opus is experiencing high load, please use /model to switch to Sonnet",
    ),
    FailureKind.SERVER_ERROR: (
        'API Error: 500 {"type":"error","error":{"type":"api_error","message":"Internal server error"}}',
        "API Error: 502 nginx",
    ),
    FailureKind.CONNECTION: (
        "Request timed out",
        "API Error: Request timed out.",
        "API Error (Connection error.)",
        "API Error: Connection error.",
        "API Error: Connection to the API was lost (ECONNRESET). This is usually temporary",
        "API Error: terminated",
        "Unable to connect to API: Self-signed certificate detected",
        "API Error: The socket connection was closed unexpectedly.",
        "API Error: 400 This may be a temporary network issue",
        "API Error: read ETIMEDOUT",
    ),
    FailureKind.PROMPT_TOO_LONG: (
        "Prompt is too long",
        "Error during compaction: Conversation too long. Press esc twice to go up a few messages.",
        "API Error: The model has reached its context window limit.",
        'API Error: 400 {"error":{"type":"invalid_request_error","message":"prompt is too long: 2 > 1"}}',
    ),
    FailureKind.REQUEST_TOO_LARGE: (
        "Request too large (max 32MB). Double press esc to go back and try with a smaller file.",
        "API Error: 413 no",
        "Image was too large. Double press esc to go back and try again with a smaller image.",
        "PDF too large (max 100 pages, 32 MB). Double press esc to go back and try again.",
    ),
    FailureKind.MODEL_NOT_FOUND: (
        "There's an issue with the selected model (x-1). It may not exist or you may not have access.",
        'API Error: 404 {"type":"error","error":{"type":"not_found_error","message":"model: x-1"}}',
        "Claude Opus is not available with the Claude Pro plan.",
        "API Error (us.x.claude-1:0): 400 The provided model identifier is invalid.",
    ),
    FailureKind.POLICY: (
        "API Error: Opus 5.5's safeguards flagged this message (https://www.example.com/legal/aup).",
    ),
    FailureKind.OUTPUT_LIMIT: (
        "API Error: Claude's response exceeded the 32000 output token maximum.",
    ),
    FailureKind.INVALID_REQUEST: (
        "API Error: 400 due to tool use concurrency issues.",
        "API Error: 400 odd",
        "API Error: 400 context_management: Extra inputs are not permitted",
    ),
    FailureKind.UNKNOWN: ("API Error: Cannot read properties of undefined", "API Error"),
}
CASES = [(kind, text) for kind, texts in CLASSES.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_the_class_in_words_alone(kind: FailureKind, text: str) -> None:
    marked = read_failure(text, "unknown", 0, None)
    assert marked.kind == kind
    unmarked = read_unmarked(text, None)
    assert unmarked == marked
    assert (marked.limit is not None) == (kind == FailureKind.USAGE_LIMIT)


def test_a_code_for_a_limit_with_a_servers_own_words_is_no_usage_limit() -> None:
    text = 'API Error: 429 {"error":{"code":"1302","message":"High concurrency usage of this API"}}'
    assert read_failure(text, "rate_limit", 429, None).kind == FailureKind.RATE_LIMIT
    assert read_failure("Wait a while", "rate_limit", 429, None).kind == FailureKind.USAGE_LIMIT


@pytest.mark.parametrize(
    ("code", "status", "text", "kind"),
    [
        ("authentication_failed", 401, "Please wait", FailureKind.LOGIN),
        ("billing_error", 400, "", FailureKind.CREDIT),
        ("rate_limit", 429, "You've hit your limit · resets 3pm", FailureKind.USAGE_LIMIT),
        ("rate_limit", 429, "", FailureKind.USAGE_LIMIT),
        ("rate_limit", 429, "API Error: Request rejected (429) · x", FailureKind.RATE_LIMIT),
        ("rate_limit", 0, "Opus is experiencing high load", FailureKind.OVERLOADED),
        ("server_error", 529, "Repeated 529 Overloaded errors", FailureKind.OVERLOADED),
        ("server_error", 0, "Request timed out", FailureKind.CONNECTION),
        ("server_error", 529, "This is a server-side issue", FailureKind.OVERLOADED),
        ("server_error", 0, "This is a server-side issue", FailureKind.SERVER_ERROR),
        ("server_error", 500, "oops", FailureKind.SERVER_ERROR),
        ("invalid_request", 413, "Request too large (max 32MB)", FailureKind.REQUEST_TOO_LARGE),
        ("invalid_request", 400, "odd", FailureKind.INVALID_REQUEST),
        ("model_not_found", 404, "try /model", FailureKind.MODEL_NOT_FOUND),
        ("max_output_tokens", 0, "longer than the limit", FailureKind.OUTPUT_LIMIT),
        ("unknown", 529, "?", FailureKind.OVERLOADED),
        ("unknown", 504, "?", FailureKind.SERVER_ERROR),
        ("unknown", 0, "Context limit reached · /compact", FailureKind.PROMPT_TOO_LONG),
        ("", 0, "?", FailureKind.UNKNOWN),
    ],
)
def test_code_status_and_words_together(
    code: str, status: int, text: str, kind: FailureKind
) -> None:
    assert read_failure(text, code, status, None).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No response requested.",
        "(no content)",
        "## Context Usage\n\n**Model:** x",
        "Compaction blocked by PreCompact hook: API Error",
        "Estimated cost:        $0.64",
        "I added API Error handling; the rate limit reached the cap.",
        "API Errors are now retried.",
        "Your account page is disabled while loading",
    ],
)
def test_what_is_no_error(text: str) -> None:
    assert read_unmarked(text, None) is None
    assert not is_failure_text(text)


def test_an_answer_that_begins_like_an_error_and_goes_on_is_none() -> None:
    assert is_failure_text("You've hit your limit · resets 3:40pm (America/Ciudad_Juarez)")
    assert not is_failure_text("Request timed out in two tests.\n\nThe rest of the report follows.")


def said(text: str, model: str = "<synthetic>", **fields: object) -> AssistantMessage:
    """What the decoder makes of a transcript's record."""
    block = {"type": "text", "text": text}
    message = {"id": "m", "model": model, "content": [block], "stop_reason": "stop_sequence"}
    record = {"type": "assistant", "uuid": "u", "timestamp": AT, "message": message, **fields}
    body = ClaudeDecoder("t").decode_all(json.dumps(record).encode(), 0)[0].body
    assert isinstance(body, AssistantMessage)
    return body


def failure(body: AssistantMessage) -> ApiFailure:
    assert body.failure is not None
    return body.failure


def test_a_record_of_version_1_has_no_error_field() -> None:
    body = said("Claude AI usage limit reached|1796040000")
    assert body.error == "usage_limit"
    limit = failure(body).limit
    assert limit is not None and limit.resets_at == 1796040000


def test_the_record_dates_its_words() -> None:
    body = said(
        "You've hit your limit · resets 1pm (UTC)", isApiErrorMessage=True, apiErrorStatus=429
    )
    limit = failure(body).limit
    assert failure(body).status == 429
    assert limit is not None and limit.resets_at == 1796043600


def test_a_models_own_sentence_about_a_limit_is_no_error() -> None:
    body = said("You've hit your limit · resets 1pm (UTC)", model="claude-opus-5-5")
    assert (body.error, body.failure) == ("", None)


def test_what_the_cli_says_beside_errors_is_none() -> None:
    body = said("No response requested.")
    assert (body.error, body.failure) == ("", None)


def test_the_limits_beside_the_words_tell_more() -> None:
    quota = {"status": "rejected", "resetsAt": 1796040000, "rateLimitType": "seven_day_opus"}
    body = said("You've hit your limit", error="rate_limit", quotaLimits=quota)
    limit = failure(body).limit
    assert limit is not None
    assert (limit.window, limit.resets_at) == ("Opus weekly", 1796040000)


def test_an_event_names_its_window_and_who_pays() -> None:
    info = {
        "status": "rejected",
        "resetsAt": 5,
        "rateLimitType": "seven_day",
        "isUsingOverage": True,
    }
    line = json.dumps({"type": "rate_limit_event", "rate_limit_info": info}).encode()
    body = ClaudeDecoder("t").decode_all(line, 0)[0].body
    assert body == RateLimit("overage", 5, "weekly", None)


@given(st.text(max_size=300), st.text(max_size=20), st.integers(-1, 999))
def test_no_words_make_it_raise(text: str, code: str, status: int) -> None:
    for words in (text, f"API Error: {text}", f"limit reached|{text}"):
        assert read_failure(words, code, status, 1.0).text == words
        read_unmarked(words, None)


def test_every_class_has_words_and_waiting_ones_no_remedy() -> None:
    for kind in FailureKind:
        assert kind.words
        assert bool(kind.remedy) == kind.needs_person


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"is_error": True, "result": "Claude AI usage limit reached|1796040000"}, "usage_limit"),
        ({"is_error": True, "result": "x", "api_error_status": 529}, "overloaded"),
        ({"is_error": True, "result": "the tests fail"}, None),
        ({"is_error": False, "result": "Prompt is too long"}, None),
    ],
)
def test_a_result_that_is_all_that_tells_of_the_error(
    fields: dict[str, object], kind: str | None
) -> None:
    line = json.dumps({"type": "result", "subtype": "success", **fields}).encode()
    body = ClaudeDecoder("t").decode_all(line, 0)[0].body
    assert isinstance(body, TurnResult)
    assert (body.failure and body.failure.kind) == kind
