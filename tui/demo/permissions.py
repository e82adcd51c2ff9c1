"""Asking a person's leave for a tool call, over stdin and stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import shapes
from .tools import Outcome

if TYPE_CHECKING:
    from .session import Session
    from .stage import Call

NEEDED = "This command requires approval"


def ask(session: Session, call: Call) -> Outcome | None:
    """None when the call may run, else the result that refuses it.

    With `--permission-prompt-tool stdio` the question goes out as `can_use_tool` and the call waits
    for its answer; without it a bypassing session runs the call and any other refuses it at once.
    """
    if session.options.permission_tool != "stdio":
        if session.mode == "bypassPermissions":
            return None
        session.system(
            "permission_denied",
            tool_name=call.name,
            tool_use_id=call.id,
            decision_reason_type="other",
            decision_reason=NEEDED,
            message=NEEDED,
        )
        return _denied(session, call, NEEDED, "user-rejected", "config")
    answer = _question(session, call)
    if answer.get("behavior") == "allow":
        changed = answer.get("updatedInput")
        if isinstance(changed, dict) and changed:
            call.input = changed
        return None
    words = str(answer.get("message") or "denied")
    return _denied(session, call, words, "permission-rule", "user_reject")


def _question(session: Session, call: Call) -> dict[str, Any]:
    request = shapes.fresh()
    session.state("requires_action")
    rule = {"toolName": call.name, "ruleContent": str(call.input.get("command", ""))}
    session.emit(
        {
            "type": "control_request",
            "request_id": request,
            "request": {
                "subtype": "can_use_tool",
                "tool_name": call.name,
                "display_name": call.name,
                "input": call.input,
                "description": str(call.input.get("description", "")),
                "permission_suggestions": [
                    {
                        "type": "addRules",
                        "rules": [rule],
                        "behavior": "allow",
                        "destination": "localSettings",
                    }
                ],
                "decision_reason": NEEDED,
                "decision_reason_type": "other",
                "tool_use_id": call.id,
            },
        }
    )
    session.inbox.wait(None, until=lambda: request in session.inbox.answers)
    session.state("running")
    answer = session.inbox.answers.pop(request).get("response")
    return answer if isinstance(answer, dict) else {}


def _denied(session: Session, call: Call, words: str, kind: str, source: str) -> Outcome:
    if session.turn is not None:
        session.turn.denials.append(
            {"tool_name": call.name, "tool_use_id": call.id, "tool_input": call.input}
        )
    outcome = Outcome(words, f"Error: {words}", failed=True, code=1)
    outcome.meta = {
        "non_execution_kind": kind,
        "permission_decision": {"decision": "reject", "source": source},
    }
    return outcome
