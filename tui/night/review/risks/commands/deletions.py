"""Deleting, emptying and throwing away: files outside the project, work that git alone could bring back."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.review import Severity
from tui.night.review.risks.commands.invocations import Invocation, found_paths
from tui.night.review.risks.commands.night_facts import Effect, NightFacts
from tui.night.review.risks.commands.places import Place
from tui.system.lazy_pattern import lazy

_WORDS = {
    Place.WHOLE_PROJECT: "deletes the whole project, with what no commit holds",
    Place.HOME: "deletes in the home folder",
    Place.OUTSIDE: "deletes outside of the project",
    Place.SYSTEM: "deletes files of the machine",
}
_FOREIGN = frozenset(_WORDS)
_DATA = lazy(
    r"^(?:\./)?(?:data|uploads?|backups?|media|storage|db|database|userdata|user_data|volumes?)(?:/\*?)?$"
    r"|(?:^|/)(?:backup|prod(?:uction)?|live|dump)[\w.-]*\.(?:db|sqlite3?|sql|dump|tar|gz|zip)\w*$"
)
_DATA_FILE = lazy(
    r"\.(?:db|sqlite3?|csv|parquet|jsonl|sql|dump|xlsx?|h5|ibd|mdb|bak)$|(?:^|/)data/|\.log$"
)
_DEV_PROGRAM = lazy(
    r"(?i)\b(?:node|vite|next|nuxt|webpack|esbuild|npm|yarn|pnpm|bun|deno|tsc|tsx|jest|vitest"
    r"|playwright|chromium?|cypress|python3?|uvicorn|gunicorn"
    r"|flask|django|runserver|pytest|celery|cargo|rustc|rails|puma|sidekiq|ruby|java|gradle|mvn"
    r"|kotlin|dotnet|php|artisan|go\b|air\b|http\.server"
    r"|serve|server|dev|watch|storybook|electron|expo|metro|headless|emulator|ngrok|sleep|tail|make"
    r"|ts-node|nodemon|turbo|hugo|jekyll|mkdocs)"
)
_TREE = frozenset({".", "./", ":/", "*", "-A", "--all", ":/."})


# complexity: a table in code, one rule for each program that deletes
def find_deletions(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    """What a command deletes, empties or ends."""
    if made.name in ("rm", "unlink", "rmdir", "shred", "srm", "trash", "rimraf", "del"):
        yield from _removed(made, _targets(made), facts)
    elif made.name == "find" and "-delete" in made.args:
        roots = found_paths(made)
        yield from _removed(made, roots, facts)
    elif made.name == "truncate" and made.plain:
        yield from _emptied(made, made.plain[-1], facts)
    elif made.name == "mv" and len(made.plain) > 1:
        yield from _moved(made, facts)
    elif made.name == "cp" and made.plain[:1] == ("/dev/null",):
        yield from _emptied(made, made.plain[-1], facts)
    elif made.name == "rsync" and any(arg.startswith("--del") for arg in made.args):
        yield from _mirrored(made, facts)
    elif made.name in ("pkill", "killall", "skill", "slay"):
        yield from _ended(made, facts)
    appended = made.appended
    for path in made.outputs:
        if path not in appended:
            yield from _overwritten(made, path, facts)


def _targets(made: Invocation) -> list[str]:
    """What `rm` is given, also by `xargs`; `--` ends its options."""
    args = list(made.args)
    if "--" in args:
        return args[args.index("--") + 1 :]
    if made.name == "shred":
        args = [arg for n, arg in enumerate(args) if not n or args[n - 1] not in ("-n", "-s")]
    named = [arg for arg in args if arg[:1] != "-"]
    if named or "xargs" not in made.wrappers:
        return named
    for earlier in made.before:
        if earlier.name == "find":
            return found_paths(earlier)
        if earlier.name in ("echo", "printf", "ls"):
            return list(earlier.plain)
    return []


# complexity: the first path that lies where it should not decides
def _removed(made: Invocation, paths: list[str], facts: NightFacts) -> Iterator[Effect]:
    is_deep = (
        made.name in ("find", "mv")
        or "xargs" in made.wrappers
        or any(
            (arg[:1] == "-" and arg[:2] != "--" and ("r" in arg or "R" in arg))
            or arg == "--recursive"
            for arg in made.args
        )
    )
    for path in paths:
        place = facts.place(made, path)
        if place in _FOREIGN:
            wide = is_deep or place is Place.SYSTEM or path.endswith("*") or made.name == "shred"
            severity: Severity = "high" if wide else "medium"
            if place is Place.WHOLE_PROJECT and not is_deep and path not in ("*", "./*"):
                continue
            yield Effect("destructive", path, severity, _WORDS[place], _asked(facts, path))
            return
        if made.remote and place is Place.UNKNOWN and path[:1] == "$":
            continue
        if place is Place.PROJECT and (_DATA.search(path) if is_deep or "." in path else None):
            words = "deletes what looks like data"
            yield Effect("destructive", path, "medium", words, _asked(facts, path))
            return
        if made.name == "shred" and place is not Place.SCRATCH:
            words = "overwrites a file so that nothing brings it back"
            yield Effect("destructive", path, "high", words, _asked(facts, path))
            return


def _moved(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    sources, target = list(made.plain[:-1]), made.plain[-1]
    if target == "/dev/null":
        yield from _removed(made, sources, facts)
        return
    foreign = next((path for path in sources if facts.place(made, path) in _FOREIGN), "")
    if foreign and facts.place(made, foreign) is not Place.WHOLE_PROJECT:
        words = "takes files away from outside of the project"
        yield Effect("destructive", foreign, "medium", words, _asked(facts, foreign))


def _asked(facts: NightFacts, path: str) -> str:
    """A goal asks for a deletion only where it also names what is to go."""
    return "files" if facts.goal.names(path) else ""


def _emptied(made: Invocation, path: str, facts: NightFacts) -> Iterator[Effect]:
    place = facts.place(made, path)
    if place in _FOREIGN or (place is Place.PROJECT and _DATA_FILE.search(path)):
        if "-s" in made.args and "0" not in made.args and place not in _FOREIGN:
            return
        yield Effect("destructive", path, "high", "empties a file", _asked(facts, path))


def _overwritten(made: Invocation, path: str, facts: NightFacts) -> Iterator[Effect]:
    if path.startswith("/dev/") and path.startswith(
        ("/dev/sd", "/dev/nvme", "/dev/hd", "/dev/vd", "/dev/mmc", "/dev/disk")
    ):
        yield Effect("destructive", path, "high", "overwrites a disk", "disk")
        return
    is_empty = made.name in (":", "true") or (
        made.name in ("echo", "printf", "cat") and not made.args
    )
    if not is_empty and made.name == "cat":
        is_empty = made.args == ("/dev/null",)
    if not is_empty or path.startswith("/dev/"):
        return
    place = facts.place(made, path)
    if place in _FOREIGN or (place is Place.PROJECT and _DATA_FILE.search(path)):
        severity: Severity = "low" if path.endswith(".log") else "high"
        yield Effect("destructive", path, severity, "empties a file", _asked(facts, path))


def _mirrored(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    target = made.plain[-1] if made.plain else ""
    is_far = ":" in target.split("/")[0]
    if is_far or facts.place(made, target) in _FOREIGN:
        words = "deletes what the source does not have"
        yield Effect("destructive", "", "high", f"{words} in {target}", _asked(facts, target))


def _ended(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    if any(arg in ("-0", "-l", "--list", "-u0") for arg in made.args):
        return
    named = [arg for arg in made.plain if not arg.isdigit()]
    everybody = any(arg in ("-u", "-U", "--user", "-v", "--inverse") for arg in made.args)
    if not named or any(map(facts.was_started, named)):
        return
    if everybody:
        yield Effect("destructive", "", "high", "ends all processes of a user", "processes")
    elif not _DEV_PROGRAM.search(" ".join(named)):
        words = "ends processes that the night did not start"
        yield Effect("destructive", "", "medium", words, "processes")


# --- git ---


# complexity: a table in code, one rule for each subcommand
def find_lost_work(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    """What a git command throws away; whether it was the night's own says what the night did before."""
    words = made.line.split(" ")
    verb, rest = words[0], words[1:]
    plain = [word for word in rest if word[:1] != "-"]
    options = {word for word in rest if word[:1] == "-"}
    letters = "".join(word[1:] for word in options if word[:2] != "--")
    if verb == "clean" and ("f" in letters or "--force" in options) and "n" not in letters:
        yield from _cleaned(made, plain, letters, facts)
    elif verb == "reset" and "--hard" in options:
        yield from _reset(plain, facts)
    elif verb in ("checkout", "restore", "switch"):
        yield from _overwritten_tree(verb, plain, rest, options, letters, facts)
    elif verb == "stash" and plain[:1] in (["drop"], ["clear"]):
        yield from _stash_gone(plain, facts)
    elif verb == "branch" and (
        "D" in letters
        or ("--delete" in options and "--force" in options)
        or {"d", "f"} <= set(letters)
    ):
        lost = [name for name in plain if name not in facts.branches]
        if lost:
            yield Effect(
                "destructive", "", "high", f"deletes the branch {lost[0][:60]} unmerged", "branches"
            )
    elif verb == "push":
        yield from _deleted_remotely(plain, options, letters, facts)
    elif (
        verb == "worktree" and plain[:1] == ["remove"] and ("f" in letters or "--force" in options)
    ):
        path = plain[1] if len(plain) > 1 else ""
        if facts.place(made, path) in _FOREIGN:
            yield Effect(
                "destructive", path, "medium", "removes a work tree with its changes", "branches"
            )
    elif (
        verb == "rm"
        and ("f" in letters or "r" in letters)
        and plain[:1] in (["."], ["*"])
        and "--cached" not in options
    ):
        yield Effect("destructive", "", "high", "removes every file of the project", "files")


def _cleaned(
    made: Invocation, plain: list[str], letters: str, facts: NightFacts
) -> Iterator[Effect]:
    safe = (Place.REBUILT, Place.SCRATCH)
    if plain and all(facts.place(made, path) in safe for path in plain):
        return
    severity: Severity = "low" if "X" in letters else "medium" if plain else "high"
    words = "deletes files that git does not know" + (
        ", ignored ones too" if "x" in letters else ""
    )
    yield Effect("destructive", "", severity, words, "discard")


def _reset(plain: list[str], facts: NightFacts) -> Iterator[Effect]:
    target = plain[0] if plain else "HEAD"
    back = _steps_back(target)
    if target in ("HEAD", "@", "HEAD~0"):
        severity: Severity = "medium" if facts.edited_since_commit else "low"
        words = "throws away what was not committed"
    elif back is not None and back <= facts.commits:
        severity, words = "medium", "throws away commits of this night"
    elif back is not None:
        severity, words = "high", "throws away commits that this night did not make"
    else:
        severity = "medium" if facts.commits or facts.edited_since_commit else "low"
        words = f"throws away what {target[:40]} does not hold"
    yield Effect("destructive", "", severity, words, "discard")


def _steps_back(target: str) -> int | None:
    """How many commits `HEAD~2` or `HEAD^^` goes back; None for anything else."""
    for name in ("HEAD", "@", "main", "master"):
        rest = target.removeprefix(name)
        if rest != target and rest and set(rest) <= set("^~0123456789"):
            if rest[:1] == "~":
                return int(rest[1:]) if rest[1:].isdigit() else rest.count("~")
            return rest.count("^")
    return None


def _overwritten_tree(
    verb: str,
    plain: list[str],
    rest: list[str],
    options: set[str],
    letters: str,
    facts: NightFacts,
) -> Iterator[Effect]:
    is_forced = "f" in letters or bool({"--force", "--discard-changes"} & options)
    whole = bool(_TREE & set(plain)) and (verb != "switch")
    if verb == "restore" and ({"--staged"} & options or "S" in letters):
        whole = whole and ("--worktree" in options or "W" in letters)
    if not whole and not (is_forced and verb != "restore"):
        return
    severity: Severity = "high" if not facts.edited_since_commit and not facts.commits else "medium"
    yield Effect("destructive", "", severity, "throws away what was not committed", "discard")


def _stash_gone(plain: list[str], facts: NightFacts) -> Iterator[Effect]:
    is_own = facts.stashes > 0
    if plain[0] == "drop" and is_own:
        facts.stashes -= 1
        yield Effect("destructive", "", "low", "drops a stash of this night", "discard")
        return
    severity: Severity = "medium" if is_own else "high"
    yield Effect("destructive", "", severity, "throws away stashed work", "discard")


def _deleted_remotely(
    plain: list[str], options: set[str], letters: str, facts: NightFacts
) -> Iterator[Effect]:
    if "n" in letters or "--dry-run" in options:
        return
    gone = [ref[1:] for ref in plain[1:] if ref[:1] == ":" and len(ref) > 1]
    if "--delete" in options or "d" in letters:
        gone = plain[1:] or gone
    if "--prune" in options:
        gone = gone or ["what is not here"]
    if gone:
        own = all(ref in facts.branches for ref in gone)
        words = f"deletes {gone[0][:60]} on the remote"
        yield Effect("destructive", "", "medium" if own else "high", words, "branches")
