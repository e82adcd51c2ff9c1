"""Which program a call runs, as far as errors and rounds are counted by it."""

from __future__ import annotations

from functools import lru_cache

from tui.model.cli_commands import SHELLS
from tui.night.evidence.shell_parser import split_commands
from tui.night.stuck.step import Step
from tui.system.lazy_pattern import lazy

_WITH_VERBS = frozenset(
    "git gh npm npx pnpm yarn bun bunx deno cargo go rustup docker docker-compose podman kubectl helm pip pip3"
    " uv poetry pipenv pdm conda brew apt apt-get dnf yum apk make just task terraform aws gcloud az bundle"
    " rake rails dotnet mvn gradle gradlew composer php artisan swift flutter dart mix sbt systemctl service"
    " nix".split()
)
_RUNNING = frozenset("python python3 node ruby perl php bash sh zsh deno bun tsx ts-node".split())
_ASIDE = frozenset("cd export source . set echo sleep mkdir true pwd ulimit unset printf".split())
_PREFIX = lazy(
    r"\s*(?:[A-Za-z_]\w*=(?:'[^']*'|\"[^\"]*\"|\S*)|sudo(?: -\S+)*|time|env|nice(?: -n \S+)?|nohup|exec|then|do"
    r"|timeout(?: -\S+)* \S+|(?:uv|poetry|pipenv|pdm|hatch) run|bundle exec|[({!])\s+"
)
_WORDS = lazy(r"[^\s'\"]+")


def program(step: Step) -> str:
    """The program of a call: a shell command's with its verb, an MCP server, or the tool itself."""
    if step.tool in SHELLS:
        return program_of(step.shell_text)
    return "__".join(step.tool.split("__")[:2])


@lru_cache(maxsize=256)
def program_of(command: str) -> str:
    """The first program of a shell line that is more than a preparation, with its verb or script."""
    for segment in split_commands(command):
        while (match := _PREFIX.match(segment)) is not None:
            segment = segment[match.end() :]
        words = _WORDS.findall(segment[:200])
        if not words:
            continue
        name: str = words[0].rsplit("/", 1)[-1]
        if name in _ASIDE:
            continue
        rest = [word for word in words[1:] if not word.startswith("-") and word[0] not in "<>&"]
        if name in _WITH_VERBS:
            if name in ("npm", "pnpm", "yarn", "bun") and rest[:1] == ["run"]:
                del rest[0]
            return f"{name} {rest[0]}" if rest else name
        if name in _RUNNING and rest:
            return f"{name} {rest[0].rsplit('/', 1)[-1]}"
        return name
    return ""
