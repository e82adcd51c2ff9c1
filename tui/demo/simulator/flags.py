"""The command line of `claude`, as far as the agent cares; what it does not know it tolerates."""

from __future__ import annotations

SHORT = {"-p": "--print", "-r": "--resume", "-v": "--version"}


class FlagError(Exception):
    """A command line that the real program refuses too; the text is what it says on stderr."""


class AgentFlags:
    """What the command line asked for: every field is a flag, and the prompt.

    `words` is the whole command line; `resume` is None without `--resume`.
    """

    print = False
    verbose = False
    version = False
    include_partial_messages = False
    replay_user_messages = False
    fork_session = False
    dangerously_skip_permissions = False
    input_format = "text"
    output_format = "text"
    permission_mode = "default"
    session_id = ""
    resume: str | None = None
    resume_session_at: str | None = None
    model = ""
    max_turns: int | None = None
    max_budget_usd: float | None = None
    story = ""

    def __init__(self, words: list[str]) -> None:
        """Unknown flags are skipped; the last word that belongs to no flag is the prompt."""
        self.words = words
        self.prompt = ""
        rest = list(words)
        while rest:
            name, equals, value = rest.pop(0).partition("=")
            field = SHORT.get(name, name).removeprefix("--").replace("-", "_")
            if not name.startswith("-"):
                self.prompt = name + equals + value
            elif getattr(AgentFlags, field, None) is False:
                setattr(self, field, True)
            elif hasattr(AgentFlags, field):
                if not equals and rest and not (field == "resume" and rest[0].startswith("-")):
                    value = rest.pop(0)
                self._take(field, value)

    def _take(self, field: str, value: str) -> None:
        kinds: dict[str, type] = {"max_turns": int, "max_budget_usd": float}
        try:
            setattr(self, field, kinds.get(field, str)(value))
        except ValueError:
            raise FlagError(f"error: option '--{field}' argument '{value}' is invalid.") from None

    @property
    def mode(self) -> str:
        return "bypassPermissions" if self.dangerously_skip_permissions else self.permission_mode

    @property
    def streams_in(self) -> bool:
        return self.input_format == "stream-json"
