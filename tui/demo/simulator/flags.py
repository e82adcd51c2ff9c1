"""The command line of `claude`, as far as the agent cares; what it does not know it tolerates."""

from __future__ import annotations

from collections.abc import Callable

VALUES = {
    "--input-format": "input_format",
    "--output-format": "output_format",
    "--session-id": "session_id",
    "--resume-session-at": "resume_at",
    "--model": "model",
    "--max-turns": "max_turns",
    "--max-budget-usd": "max_budget",
    "--permission-mode": "permission_mode",
    "--permission-prompt-tool": "permission_tool",
    "--pace": "pace",
    "--clock-scale": "clock_scale",
    "--story": "story",
}
NUMBERS: dict[str, Callable[[str], object]] = {
    "max_turns": int,
    "max_budget": float,
    "pace": float,
    "clock_scale": float,
}
SWITCHES = {
    "-p": "print",
    "--print": "print",
    "--verbose": "verbose",
    "--include-partial-messages": "partials",
    "--replay-user-messages": "replay",
    "--fork-session": "fork",
    "--dangerously-skip-permissions": "skip_permissions",
    "-c": "continue_last",
    "--continue": "continue_last",
    "--no-session-persistence": "no_persistence",
    "-v": "version",
    "--version": "version",
}
OTHER_VALUES = (
    "--append-system-prompt --system-prompt --settings --setting-sources --fallback-model --name"
    " --mcp-config --agents --agent --json-schema --task-budget --debug-file --effort --thinking"
    " --messaging-socket-path --rewind-files --system-prompt-file --append-system-prompt-file"
    " --plugin-dir --max-thinking-tokens"
).split()
OTHER_LISTS = (
    "--allowedTools --allowed-tools --disallowedTools --disallowed-tools --add-dir --tools --betas"
    " --file"
).split()


class FlagError(Exception):
    """A command line that the real program refuses too; the text is what it says on stderr."""


class AgentFlags:
    """What the command line asked for; `resume` is None without `--resume`."""

    def __init__(self) -> None:
        self.print = False
        self.verbose = False
        self.partials = False
        self.replay = False
        self.fork = False
        self.skip_permissions = False
        self.continue_last = False
        self.no_persistence = False
        self.version = False
        self.input_format = "text"
        self.output_format = "text"
        self.session_id: str | None = None
        self.resume: str | None = None
        self.resume_at: str | None = None
        self.model = ""
        self.max_turns: int | None = None
        self.max_budget: float | None = None
        self.permission_mode = "default"
        self.permission_tool = ""
        self.pace: float | None = None
        self.clock_scale: float | None = None
        self.story = ""
        self.prompt = ""

    @property
    def mode(self) -> str:
        return "bypassPermissions" if self.skip_permissions else self.permission_mode

    @property
    def streams_in(self) -> bool:
        return self.input_format == "stream-json"


# complexity: one case for each kind of flag; each takes another number of words from the same list
def parse(argv: list[str]) -> AgentFlags:
    """Reads a command line; unknown flags are skipped, with their value if they carry one by `=`."""
    options = AgentFlags()
    raw: dict[str, str] = {}
    words: list[str] = []
    after_print = ""
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            words.extend(rest)
            break
        if name in ("--resume", "-r"):
            options.resume = value if equals else _next(rest)
        elif name in VALUES or name in OTHER_VALUES:
            taken = value if equals else (rest.pop(0) if rest else "")
            raw[VALUES.get(name, "")] = taken
        elif name in OTHER_LISTS:
            while not equals and rest and not rest[0].startswith("-"):
                rest.pop(0)
        elif word in SWITCHES:
            setattr(options, SWITCHES[word], True)
            if SWITCHES[word] == "print" and rest and not rest[0].startswith("-"):
                after_print = after_print or rest.pop(0)
        elif not word.startswith("-"):
            words.append(word)
    options.prompt = after_print or (words[-1] if words else "")
    _values(options, raw)
    return options


def _next(rest: list[str]) -> str:
    return rest.pop(0) if rest and not rest[0].startswith("-") else ""


def _values(options: AgentFlags, raw: dict[str, str]) -> None:
    for name, text in raw.items():
        if not name:
            continue
        try:
            setattr(options, name, NUMBERS.get(name, str)(text))
        except ValueError:
            raise FlagError(f"error: option '--{name}' argument '{text}' is invalid.") from None


def check(options: AgentFlags) -> None:
    """Refuses the combinations that the real program refuses before it starts."""
    if not options.print:
        raise FlagError("Error: the scripted agent plays print mode only; start it with -p.")
    if options.output_format == "stream-json" and not options.verbose:
        raise FlagError("Error: When using --print, --output-format=stream-json requires --verbose")
    if options.streams_in and options.output_format != "stream-json":
        raise FlagError("Error: --input-format=stream-json requires output-format=stream-json.")
    if options.resume is not None and not options.resume:
        raise FlagError("Error: --resume requires a valid session ID when used with --print")
