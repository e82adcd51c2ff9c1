"""The step-back message: what the record shows, put into the template of the settings."""

from __future__ import annotations

from tui.night.model import NightSnapshot
from tui.system.format import format_local

_MOST_TRIED = 5


def step_back_text(template: str, night: NightSnapshot) -> str:
    """The template with evidence, since when, and what was tried, from this night."""
    stall = night.stall or (night.loops[-1] if night.loops else None)
    evidence = "; ".join(stall.evidence) if stall else night.activity.reason
    since = format_local(stall.since) if stall else "some time"
    tried = "; ".join(dict.fromkeys(tool.target for tool in night.activity.tools[:_MOST_TRIED]))
    words = {"{evidence}": evidence, "{since}": since, "{tried}": tried or "see the record"}
    for mark, text in words.items():
        template = template.replace(mark, text)
    return template
