"""What calls of other tools than a shell do: edits and looks outside of the project, tools of servers (MCP)."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.review import Severity
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.review.risks.commands.databases import sql_loss
from tui.night.review.risks.commands.night_facts import Effect, NightFacts
from tui.night.review.risks.commands.places import Place, lasting, secret_severity
from tui.system.format import clip_text
from tui.system.lazy_pattern import lazy

_OFFSET = lazy(r":\d+$")
_HERE = lazy(
    r"^mcp__(?:ide|filesystem|memory|sequential\w*|playwright|puppeteer|chrome\w*|browser\w*|serena"
    r"|context7|git|fetch|time"
    r"|everything|docs\w*|overnight\w*|plugin_playwright\w*)__"
)
_DESTROYS = lazy(r"(?:^|_)(?:delete|drop|destroy|remove|purge|reset|terminate|archive)(?:_|$)")
_SENDS = lazy(
    r"(?:^|_)(?:send|post|publish|merge|push|deploy|upload|reply|apply|create_(?:release|repository"
    r"|gist|deployment)|create_or_update_file"
    r"|dispatch|invite|share|execute_(?:command|remote)|run_workflow)(?:_|$)"
)
_OPENS = lazy(r"(?:^|_)(?:create|update|add|write|edit|comment)(?:_|$)")


def find_tool_effects(call: RiskyCall, facts: NightFacts) -> Iterator[Effect]:
    """What a call that is no shell command does."""
    if call.edits:
        yield from _edited(call.text, facts)
    elif call.name[:5] == "mcp__":
        yield from _of_server(call.name, call.text)
    elif not call.shell:
        path = _OFFSET.sub("", call.text.rpartition(" in ")[2])
        severity = secret_severity(path)
        if severity is not None:
            yield Effect(
                "credential_use", path, severity, "reads a file of credentials", "credentials"
            )


def _edited(path: str, facts: NightFacts) -> Iterator[Effect]:
    place = facts.scene.place(path)
    # What lies in the project is judged by its difference; git does not tell of its own folder.
    if place in (Place.SCRATCH, Place.REBUILT) or (place is Place.PROJECT and "/.git/" not in path):
        return
    what = lasting(path)
    if what is not None:
        asked = "agents" if "agent" in what.words else "hooks"
        yield Effect("persistence", path, what.severity, what.words, asked)
    elif secret_severity(path) == "high":
        yield Effect(
            "credential_use", path, "medium", "writes a file of credentials", "credentials"
        )


def _of_server(name: str, about: str) -> Iterator[Effect]:
    tool = name.rpartition("__")[2].lower()
    if _HERE.match(name):
        return
    said = f"{name.removeprefix('mcp__').replace('__', ' ')}: {clip_text(about, 60)}"
    loss = sql_loss(about) if " " in about else None
    if loss is not None:
        yield Effect("destructive", "", loss.severity, loss.words, "database")
    elif _DESTROYS.search(tool):
        yield Effect("destructive", "", "medium", f"a server's tool deletes: {said}", "cloud")
    elif _SENDS.search(tool):
        yield Effect("outward", "", "medium", f"a server's tool sends or changes: {said}", "push")
    elif _OPENS.search(tool):
        severity: Severity = "low"
        yield Effect("outward", "", severity, f"a server's tool writes: {said}", "push")
