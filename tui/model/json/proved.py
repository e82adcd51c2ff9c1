"""What `review --json` says of a proof."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from tui.model.evidence.log import Verdict as RunVerdict
from tui.model.json.common import Iso, TestWord
from tui.model.review import ProofEnd, ProofKind, ProofPlace

Seconds = Annotated[float, Meta(description="Seconds.")]


class ProvedCommand(Struct, frozen=True, forbid_unknown_fields=True):
    """A command that was run again."""

    command: str
    code: Annotated[int | None, Meta(description="null: it was cut off, or could not be started.")]
    tree: str
    seconds: Seconds
    kind: ProofKind
    on: Annotated[ProofPlace, Meta(description="Which files it ran on.")]
    verdict: Annotated[RunVerdict, Meta(description="unknown: it proves nothing; `end` says why.")]
    end: ProofEnd
    failed: Annotated[list[str], Meta(description="Tests that its output names as failed.")]
    output: Annotated[str, Meta(description="The end of what it printed.")]


class ProvedObject(Struct, frozen=True, forbid_unknown_fields=True):
    """What was run to prove the night."""

    at: Iso
    commands: list[ProvedCommand]
    base_tests_on_new_code: TestWord
    tree: str
    is_current: Annotated[
        bool, Meta(description="false: the night's end has another tree now, so it proves nothing.")
    ]
    outside: Annotated[
        list[str],
        Meta(description="Files of code that the night changed and that were not proven."),
    ]
    notes: list[str]
