"""Records that stand before a night in its own files: an earlier part of the session, or copied history.

They tell how full the context is, which model and folder it is, and what totals the CLI goes on from. Time,
money, calls and turns of them belong to the night that had them first.
"""

from __future__ import annotations

from tui.model import events
from tui.model.events import AgentEvent, AssistantMessage, UserMessage
from tui.model.failures import SYNTHETIC
from tui.model.snapshot import EarlierPart
from tui.night.fold_state import FoldState, SourceClock
from tui.night.usage.accounts import CostAccounts

_PROMPT = 300
"""How much of the first prompt is kept."""


def apply_earlier(
    state: FoldState, accounts: CostAccounts, event: AgentEvent, source: SourceClock
) -> None:
    """Takes of an earlier record what the night goes on from."""
    source.offset = event.offset
    if event.at is not None and (source.last is None or event.at > source.last):
        source.last = event.at
    if event.uuid and not state.uuids.add(event.uuid):
        return
    _note(state, event)
    match event.body:
        case AssistantMessage() as body:
            _answer(state, accounts, event, body)
        case UserMessage(role="prompt" | "replay") as body if not event.thread:
            state.earlier_prompt = state.earlier_prompt or body.text[:_PROMPT]
        case events.Compaction() as body if not event.thread:
            state.context_meter.on_compaction(body.after)
        case events.TurnStarted() as body:
            _begun(state, body)
        case events.TurnResult() as body:
            state.context_meter.on_result(body.models)
            if body.cost_usd and body.cost_usd > 0:
                number = state.sessions.number(event.session)
                accounts.begin_from(number, source.number, event.at, body.cost_usd, body.models)
        case events.RunningCost() as body if body.cost_usd > 0:
            number = state.sessions.number(event.session)
            accounts.begin_from(number, source.number, event.at, body.cost_usd, ())


def _begun(state: FoldState, body: events.TurnStarted) -> None:
    """An earlier turn began: with which model, where, with which permissions."""
    state.has_stream = True
    state.agent_version = body.version or state.agent_version
    state.cwd = body.cwd or state.cwd
    state.permission_mode = body.permission_mode or state.permission_mode
    state.started_model = body.model or state.started_model
    state.context_meter.on_turn_start(body.model)


def _note(state: FoldState, event: AgentEvent) -> None:
    """Counts the record among those that are not counted in the night."""
    known = state.earlier
    at = event.at if event.at is not None else known.until
    until = at if known.until is None or (at is not None and at > known.until) else known.until
    session = known.session or event.session
    state.earlier = EarlierPart(known.records + 1, until, session)


def _answer(
    state: FoldState, accounts: CostAccounts, event: AgentEvent, body: AssistantMessage
) -> None:
    """An earlier answer: how full the context is, and what of the CLI's totals is not this night's."""
    for call in body.tools:
        if call.id:
            state.calls.add(call.id)
    if body.usage is None or body.model == SYNTHETIC:
        return
    message = body.message_id or body.request_id or event.uuid
    accounts.add_earlier(message, body.model, body.usage)
    if not event.thread:
        state.context_meter.on_answer(body.model, body.usage.context)
        state.model = body.model
