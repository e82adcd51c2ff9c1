"""The calls that risks are looked for in: edits, commands that may be one, looks into files of credentials."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tui.model.cli_commands import EDITING, SHELLS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

MOST_COMMANDS = 1_000
MOST_RISKY_EDITS = 5_000
MOST_READS = 200
_LONGEST = 4_000
_HINT = HintedPattern(
    "--no-verify|commit|hooksPath|HUSKY|push|curl|wget|http|fetch|iwr|rm|Invoke-|LEFTHOOK|chmod|mv"
    "|sudo|sed|>|tee|cp|patch|apply|checkout|restore|perl|add|install|remove|write_text|open(",
    r"--no-verify|\bcommit\b|hooksPath|HUSKY|\bpush\b|\bcurl\b|\bwget\b|\b(?:https?|fetch|iwr|irm)\s"
    r"|Invoke-|LEFTHOOK|\bchmod\b|\brm\b|\bmv\b"
    r"|\bsudo|\bsed\b.*-i|>|\btee\b|\bcp\b|\bpatch\b|\bapply\b|\bcheckout\b|\brestore\b|\bperl\b"
    r"|\b(?:add|install|remove|uninstall)\b|write_text|open\(",
)
# Words of commands that destroy, send, read credentials, stay behind or take rights. A word too many keeps a
# command that is no risk; one too few and the review never sees the command.
_GRAVE = AnyWord(
    *(
        "rm -|-delete|unlink|rmdir|shred|truncate|clean|--hard|stash|branch|filter|reflog|prune|update-ref"
        "|push|drop|DROP|TRUNCATE|DELETE|delete|destroy|wipe|flush|FLUSH|reset|migrat|downgrade|db:"
        "|publish|upload|deploy|apply|kubectl|helm|terraform|tofu|pulumi|ansible|aws |gcloud|az |gsutil"
        "|curl|wget|http|xh |scp |rsync|sftp|ssh|nc |ncat|netcat|socat|mail|dig |nslookup|/dev/|ngrok"
        "|vercel|netlify|fly|heroku|firebase|wrangler|railway|twine|gem |gh |docker|podman|npm p"
        "|.env|env|TOKEN|token|SECRET|secret|KEY|PASS|pass|credential|netrc|npmrc|security |vault|op "
        "|cron|at now|systemctl|launchctl|nohup|setsid|disown|profile|config|hooks|zsh|.git/|claude|CLAUDE"
        "|sudo|su -|doas|chmod|chown|setcap|usermod|--privileged|/etc|setenforce|ufw|iptables|--no-"
        "|kill|dd |mkfs|shutdown|reboot|worktree|remote|checkout|restore|psql|sqlite|mysql|mongo|redis"
        "|python|node |ruby |perl |bash|sh |.sh|make |npm run|export|/proc|~/|$HOME|../|history|> /|>/"
        "|: >|> data|>data|.db|.sql|.csv|-exec|switch|eas |.pem|.key|linger|pm2|TLS|trusted|tag |.vscode"
        "|.idea|at -|batch"
        "|tunnel|bore |tmate|wipefs|bfg|gpg|secret-tool|bw |doppler|sops"
        "|mount|sysctl|chrome|halt|fdisk|security|alias|gh-|id_rsa|id_ed|CREDENTIAL|--break|mkdocs"
        "|locate|deno |npx |uninstall"
    ).split("|")
)
_MAKES = AnyWord("commit", "mkdir", "clone", "cp ", "touch", "venv")
_READING = frozenset({"Read", "Grep", "NotebookRead"})
_SECRET_FILES = AnyWord(
    *(
        ".env|.ssh|id_rsa|id_ed|.aws|netrc|.git-cred|.npmrc|.pypirc|.pgpass|.gnupg|.kube|.key|.pem|secret"
        "|credential|.docker/|gh/hosts|environ|shadow|history|keychain|Keychain|.p12|vault|service"
    ).split("|")
)
_ACTS = lazy(
    r"(?:^|_)(?:send|post|publish|delete|drop|remove|merge|push|deploy|create|update|execute|write"
    r"|upload|reply|destroy|apply|run|query)(?:_|$)"
)


def is_worth_judging(command: str) -> bool:
    """Whether a command may be a risk, or makes what later ones may take away again."""
    return _GRAVE.is_in(command) or _MAKES.is_in(command)


class RiskyCall(Struct, frozen=True, gc=False):
    """An edit or a look into a file (`text` is the path), a shell command (`text` is the command, cut at
    4,000), or a call of a server's tool (`text` is what it is about).

    `ref` is the line of the call itself; `is_error` says that its answer was an error, `is_refused` that it
    was not let run.
    """

    name: str
    text: str
    ref: SourceRef
    at: float | None = None
    is_error: bool = False
    is_refused: bool = False
    number: int = 0

    @property
    def shell(self) -> bool:
        """Whether this is a shell command."""
        return self.name in SHELLS

    @property
    def edits(self) -> bool:
        """Whether this is an edit of a file."""
        return self.name in EDITING


class RiskyCallLog(Struct):
    """Collects such calls as they come, by the id of the call; the oldest are forgotten first.

    Commands that may be a risk are kept apart, so that a long night of others does not push them out.
    """

    commands: dict[str, RiskyCall] = {}
    others: dict[str, RiskyCall] = {}
    edits: dict[str, RiskyCall] = {}
    reads: dict[str, RiskyCall] = {}
    count: int = 0

    def on_tool_call(self, use: ToolCall, ref: SourceRef, at: float | None) -> None:
        """A tool was called."""
        name = use.name
        if name in EDITING:
            self._keep(self.edits, MOST_RISKY_EDITS, use.id, RiskyCall(name, use.path, ref, at))
        elif name in SHELLS:
            command = use.command or use.target
            is_grave = _GRAVE.is_in(command)
            if is_grave or _HINT.search(command):
                call = RiskyCall(name, command[:_LONGEST], ref, at)
                kept = self.commands if is_grave else self.others
                self._keep(kept, MOST_COMMANDS, use.id, call)
        elif name in _READING:
            path = use.path or use.target
            if _SECRET_FILES.is_in(path):
                self._keep(self.reads, MOST_READS, use.id, RiskyCall(name, path, ref, at))
        elif name[:5] == "mcp__" and _ACTS.search(name):
            self._keep(self.reads, MOST_READS, use.id, RiskyCall(name, use.target, ref, at))

    def on_tool_result(self, result: ToolResult) -> None:
        """A call was answered: what failed is remembered as failed."""
        if not result.is_error:
            return
        for calls in (self.commands, self.others, self.edits, self.reads):
            call = calls.get(result.tool_use_id)
            if call is not None:
                refused = result.denial is not None
                calls[result.tool_use_id] = replace(call, is_error=True, is_refused=refused)

    def calls(self) -> tuple[RiskyCall, ...]:
        """Everything collected: edits, looks into files, commands; each oldest first."""
        commands = [*self.commands.values(), *self.others.values()]
        commands.sort(key=lambda call: call.number)
        return (*self.edits.values(), *self.reads.values(), *commands)

    def _keep(self, calls: dict[str, RiskyCall], most: int, id: str, call: RiskyCall) -> None:
        self.count += 1
        numbered = RiskyCall(call.name, call.text, call.ref, call.at, number=self.count)
        calls[id or f"{call.ref.source} {call.ref.offset}"] = numbered
        if len(calls) > most:
            del calls[next(iter(calls))]
