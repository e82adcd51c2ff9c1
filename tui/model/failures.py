"""What the CLI says went wrong: the class of an API error, a limit's end, who refused a tool call.

The decoder makes these of a record's words (`feeds/claude/api_failures`, `feeds/claude/denials`); nobody
else reads those words.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

SYNTHETIC = "<synthetic>"
"""The model's name on a record that the CLI wrote itself."""


class FailureKind(StrEnum):
    """The class of an error, by what has to happen before the work can go on.

    `usage_limit` is a bound of the subscription that lifts by itself, `extra_usage` one that a person
    must lift; `rate_limit` is a server that takes no more requests just now.
    """

    LOGIN = "login"
    FORBIDDEN = "forbidden"
    CREDIT = "credit"
    USAGE_LIMIT = "usage_limit"
    EXTRA_USAGE = "extra_usage"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    PROMPT_TOO_LONG = "prompt_too_long"
    REQUEST_TOO_LARGE = "request_too_large"
    INVALID_REQUEST = "invalid_request"
    MODEL_NOT_FOUND = "model_not_found"
    POLICY = "policy"
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
        if known is not None or status < 400:
            return known or cls.UNKNOWN
        return cls.SERVER_ERROR if status >= 500 else cls.INVALID_REQUEST

    @property
    def words(self) -> str:
        """What it is, as the beginning of a sentence."""
        return _WORDS[self][0]

    @property
    def remedy(self) -> str:
        """What a person can do about it; empty where only waiting helps."""
        return _WORDS[self][1]


_FOR_A_PERSON = frozenset(
    map(
        FailureKind,
        "login forbidden credit extra_usage model_not_found invalid_request policy prompt_too_long"
        " request_too_large".split(),
    )
)
_BY_STATUS = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.LOGIN,
    402: FailureKind.CREDIT,
    403: FailureKind.LOGIN,
    404: FailureKind.MODEL_NOT_FOUND,
    408: FailureKind.CONNECTION,
    409: FailureKind.OVERLOADED,
    413: FailureKind.REQUEST_TOO_LARGE,
    425: FailureKind.OVERLOADED,
    429: FailureKind.RATE_LIMIT,
    503: FailureKind.OVERLOADED,
    529: FailureKind.OVERLOADED,
}
_WORDS = {
    FailureKind.LOGIN: ("login failed", "log in again (/login) or mend the API key"),
    FailureKind.FORBIDDEN: (
        "not allowed",
        "ask who manages the account, or log in with another one",
    ),
    FailureKind.CREDIT: ("no credit left", "pay for more credit"),
    FailureKind.USAGE_LIMIT: ("usage limit", ""),
    FailureKind.EXTRA_USAGE: ("extra usage needed", "allow extra usage, or take another model"),
    FailureKind.RATE_LIMIT: ("too many requests", ""),
    FailureKind.OVERLOADED: ("API overloaded", ""),
    FailureKind.SERVER_ERROR: ("server error", ""),
    FailureKind.CONNECTION: ("connection failed", ""),
    FailureKind.PROMPT_TOO_LONG: ("prompt too long", "compact the conversation or start afresh"),
    FailureKind.REQUEST_TOO_LARGE: ("request too large", "leave out large files or images"),
    FailureKind.INVALID_REQUEST: ("invalid request", "rewind the conversation or start afresh"),
    FailureKind.MODEL_NOT_FOUND: ("model not available", "choose another model"),
    FailureKind.POLICY: ("refused by the usage policy", "put the request otherwise"),
    FailureKind.OUTPUT_LIMIT: ("answer longer than the output limit", ""),
    FailureKind.UNKNOWN: ("API error", ""),
}


class LimitNotice(Struct, frozen=True, gc=False):
    """A usage limit, told in words or as an event: which one, and when it resets (None: unsaid).

    `window` is `five_hour`, `weekly`, `monthly`, a model's name with `weekly`, another name, or empty.
    `words` is what the text says of the reset, also where no single moment follows from it; it is empty
    where the text says nothing. `latest` is the moment that the reset does not come after, where it is known.
    """

    window: str = ""
    resets_at: float | None = None
    words: str = ""
    latest: float | None = None


class ApiFailure(Struct, frozen=True, gc=False):
    """An error that stands where an answer should; `text` is its words, cleaned and on one line."""

    kind: FailureKind
    text: str
    status: int = 0
    limit: LimitNotice | None = None


class DenialKind(StrEnum):
    """Why the CLI did not let a tool call run: who refused it.

    `not_granted`: it would have asked, and nobody is there; `check`: it asks whatever the rules allow;
    `folder`: outside of the allowed working folders.
    """

    NOT_GRANTED = "not_granted"
    CHECK = "check"
    RULE = "rule"
    HOOK = "hook"
    PERSON = "person"
    CLASSIFIER = "classifier"
    DONT_ASK = "dont_ask"
    PLAN_MODE = "plan_mode"
    FOLDER = "folder"
    SANDBOX = "sandbox"
    NETWORK = "network"

    @property
    def words(self) -> str:
        """Who refuses, as the end of a sentence."""
        return _DENIALS[self][0]

    @property
    def remedy(self) -> str:
        """What a person can do about it; empty where a rule that allows the call is the remedy."""
        return _DENIALS[self][1]

    @property
    def can_be_allowed(self) -> bool:
        """Whether a permission rule lifts it."""
        return not self.remedy


_DENIALS = {
    DenialKind.NOT_GRANTED: ("nobody is there to allow it", ""),
    DenialKind.CHECK: (
        "a person has to allow it each time",
        "no rule allows this: do it yourself, or tell it to go another way",
    ),
    DenialKind.RULE: (
        "a rule of the settings forbids it",
        "no allow rule wins over a rule under permissions.deny or permissions.ask: take that one out, "
        "or tell it to do without",
    ),
    DenialKind.HOOK: (
        "a hook refuses it",
        "see what the hook says: do what it asks for, change it under hooks in the settings, or tell "
        "the agent to do without",
    ),
    DenialKind.PERSON: ("a person refused it", "tell it what to do instead"),
    DenialKind.CLASSIFIER: ("the classifier of auto mode refuses it", ""),
    DenialKind.DONT_ASK: ("its permission mode asks nobody", ""),
    DenialKind.PLAN_MODE: (
        "it is in plan mode",
        "end plan mode: start it again with --permission-mode acceptEdits or default",
    ),
    DenialKind.FOLDER: (
        "that is outside of the folders it may use",
        "start it with --add-dir FOLDER, or add the folder to permissions.additionalDirectories of "
        ".claude/settings.local.json",
    ),
    DenialKind.SANDBOX: (
        "the sandbox refuses it",
        "allow it under sandbox in the settings, or tell it to do without",
    ),
    DenialKind.NETWORK: (
        "that host cannot be reached or checked from here",
        "see to the network of this machine, or tell it to do without",
    ),
}
