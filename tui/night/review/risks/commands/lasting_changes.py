"""What goes on after the night: files that act by themselves, programs that go on; rights that were taken."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.review import RiskKind, Severity
from tui.night.review.risks.commands.invocations import Invocation
from tui.night.review.risks.commands.night_facts import Effect, NightFacts, shown
from tui.night.review.risks.commands.places import Place, lasting
from tui.system.lazy_pattern import lazy

_DAEMON = frozenset({"nohup", "setsid", "disown", "daemonize", "start-stop-daemon"})
_USUAL_SERVER = lazy(
    r"(?:npm|yarn|pnpm|bun|npx|node|deno|vite|next|nuxt|python3?|uv|poetry|uvicorn|gunicorn|flask"
    r"|hypercorn|celery|pytest|cargo|go|make|docker|docker-compose|redis-server"
    r"|postgres|pg_ctl|mongod|mysqld|mvn|gradle|gradlew|mvnw|java|rails|bundle|ruby|php|dotnet|hugo"
    r"|jekyll|mkdocs|tail|sleep|http-server|serve|air|tsc|webpack|esbuild|jest|vitest|playwright"
    r"|ollama|minio|chromium|Xvfb|xvfb-run|caddy|nginx|rspec|mix|elixir|stack|cabal|swift|kotlin"
    r"|flutter|expo|storybook|supabase|wrangler|firebase|localstack|jupyter|streamlit|time|true|cmake"
    r"|ninja|bazel|just|task|turbo|nx|tox|nox|hatch|pdm|django-admin|manage.py|run|start|dev)\b"
)
_SUDO_USUAL = lazy(
    r"(?:apt|apt-get|dnf|yum|apk|brew|pacman|zypper|snap) (?:.* )?(?:install|update|-S\w*|add|upgrade"
    r"|refresh|clean|-y)\b|(?:npm|pip3?|gem|corepack|n|playwright|update-ca-certificates|ldconfig) ?"
    r"|true$|-v|--version|-n true|ls\b|id$|whoami|lsof|ss |netstat|dmesg|journalctl|cat /var/log"
    r"|docker (?:ps|compose|build|logs)|systemctl (?:status|is-active)|-l$"
)
_ROOT_NAMES = frozenset({"sudo", "doas", "su", "pkexec", "run0", "sudoedit"})
_GUARD_VARIABLES = (
    ("NODE_TLS_REJECT_UNAUTHORIZED", ("0",), "medium", "switches the check of certificates off"),
    ("GIT_SSL_NO_VERIFY", ("1", "true"), "medium", "switches the check of certificates off"),
    ("PYTHONHTTPSVERIFY", ("0",), "medium", "switches the check of certificates off"),
    ("CURL_INSECURE", ("1",), "low", "switches the check of certificates off"),
    ("GONOSUMCHECK", ("1",), "low", "switches a check of downloads off"),
    ("GOINSECURE", None, "low", "switches the check of certificates off"),
    ("IS_SANDBOX", ("1",), "low", "says that it is in a sandbox"),
    ("LD_PRELOAD", None, "medium", "puts other code into programs"),
    ("HISTFILE", ("/dev/null", ""), "medium", "keeps no record of what is run"),
)  # fmt: skip
_WRITERS = frozenset({"tee", "cp", "mv", "install", "ln", "rsync", "sponge"})


def find_lasting(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    """What a command leaves behind."""
    for path in written_paths(made):
        yield from lasting_effect(path, made, facts)
    yield from _daemons(made)
    yield from _hooks_path(made)


# complexity: a table in code, one rule for each program that writes
def written_paths(made: Invocation) -> Iterator[str]:
    """Files that a command writes by name."""
    yield from made.outputs
    if made.name == "tee":
        yield from made.plain
    elif made.name in _WRITERS and len(made.plain) > 1:
        target = made.plain[-1]
        is_folder = target.endswith("/") or target.rpartition("/")[2] in (
            "hooks",
            "user",
            "system",
            "bin",
            "LaunchAgents",
        )
        yield f"{target.rstrip('/')}/{made.plain[0].rpartition('/')[2]}" if is_folder else target
    elif made.name in ("sed", "perl") and any(
        re.match(r"-\w*i|--in-place", arg) for arg in made.args
    ):
        yield from made.plain[1:] or made.plain
    elif (
        made.name == "git"
        and made.line.startswith("config")
        and ("-f" in made.args or "--file" in made.args)
    ):
        yield from (arg for arg in made.plain if "/" in arg)
    elif made.name == "dd":
        yield from (arg[3:] for arg in made.args if arg.startswith("of="))
    elif made.name in ("curl", "wget"):
        names = [
            b
            for a, b in zip(made.args, made.args[1:], strict=False)
            if a in ("-o", "-O", "--output") or re.match(r"-\w+o$", a)
        ]
        yield from (name for name in names if "://" not in name)


def lasting_effect(path: str, made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    what = lasting(path, made.folder)
    place = facts.place(made, path)
    if what is None or place is Place.SCRATCH:
        return
    if "site-packages" in path and place in (Place.REBUILT, Place.PROJECT):
        return
    kind: RiskKind = "persistence"
    if "agent" in what.words:
        yield Effect(kind, path, what.severity, what.words, "agents")
    else:
        yield Effect(
            kind,
            path,
            what.severity,
            what.words,
            "schedule" if "cron" in path or "systemd" in path else "hooks",
        )


def _daemons(made: Invocation) -> Iterator[Effect]:
    line = f"{made.name} {made.line}"
    if made.name in ("tmux", "screen"):
        is_detached = re.search(r"\bnew(?:-session)?\b.*-\w*d|-\w*d\w*m", line) is not None
        if is_detached:
            yield Effect("persistence", "", "low", "goes on in a terminal of its own", "schedule")
        return
    if not (_DAEMON & made.wrappers) and made.name not in _DAEMON:
        return
    if made.name == "disown":
        yield Effect("persistence", "", "low", "goes on after the session", "schedule")
        return
    inner = made.name if made.name not in ("bash", "sh", "zsh") else " ".join(made.args)
    severity: Severity = (
        "low" if _USUAL_SERVER.match(inner) or _USUAL_SERVER.match(made.call.name) else "medium"
    )
    yield Effect(
        "persistence",
        "",
        severity,
        f"{shown([made.name, *made.args], 40)} goes on after the session",
        "schedule",
    )


def _hooks_path(made: Invocation) -> Iterator[Effect]:
    """`git config core.hooksPath X`: where it switches hooks off, another finding says so."""
    if made.name != "git" or not made.line.startswith("config"):
        return
    found = re.search(r"(?i)core\.hookspath (?!/dev/null)(\S+)", made.line)
    if found is not None and not re.search(r"--get|--unset|--list", made.line):
        if found[1][:1] not in ("/", "~"):
            return  # told as a change of the hooks
        yield Effect(
            "persistence",
            "core.hooksPath",
            "high",
            "git runs the programs of that folder from now on",
            "hooks",
        )


# --- more rights ---


# complexity: a table in code, one rule for each way to more rights
_SHELL_OPTIONS = frozenset({"-i", "-s", "--login", "--shell"})
_OF_THE_MACHINE = ("/etc/", "/usr/", "/boot/", "/lib/", "/sys/", "/proc/sys", "/bin/", "/sbin/")
_GUARDS_THE_MACHINE = lazy(
    r"/etc/(?:passwd|shadow|sudoers|pam|security|ssh/|hosts\.)|/boot|/proc|/sys"
)
_NO_CERTIFICATES = lazy(r"http\.sslVerify=(?:false|0)", re.IGNORECASE)


def find_privilege(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    """What a command does with rights that a night does not need."""
    if made.name == "true" or (_as_root(made) and _only_asks(made)):
        return
    if _as_root(made):
        line = made.line if made.name in _ROOT_NAMES else f"{made.name} {made.line}"
        severity: Severity = "low" if _SUDO_USUAL.match(line) else "medium"
        words = f"runs {shown([made.name, *made.args], 40)} as root"
        yield Effect("privilege", "", severity, words, "privilege")
    yield from _new_owners(made, facts)
    yield from _lowered_guards(made)
    for path in written_paths(made):
        if path.startswith(_OF_THE_MACHINE) and lasting(path) is None:
            severity = "high" if _GUARDS_THE_MACHINE.match(path) else "medium"
            yield Effect("privilege", path, severity, "writes a file of the machine", "privilege")


def _as_root(made: Invocation) -> bool:
    return bool(_ROOT_NAMES & made.wrappers) or made.name in _ROOT_NAMES


def _only_asks(made: Invocation) -> bool:
    """Whether `sudo` stands alone, without a shell: it asks for the password, and runs nothing."""
    return made.name in ("sudo", "doas") and not _SHELL_OPTIONS & set(made.args)


def _new_owners(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    if made.name not in ("chown", "chgrp") or not made.plain:
        return
    if re.match(r"(?:root|0)(?::|$)", made.plain[0]):
        yield Effect("privilege", "", "medium", "gives files to root", "privilege")
    elif any(facts.place(made, path) in (Place.SYSTEM, Place.HOME) for path in made.plain[1:]):
        words = "changes the owner of files outside of the project"
        yield Effect("privilege", "", "medium", words, "privilege")


def _lowered_guards(made: Invocation) -> Iterator[Effect]:
    """Variables and settings that switch a check off."""
    for setting in (*made.call.variables, *(made.args if made.name == "export" else ())):
        name, _, value = setting.partition("=")
        for known, values, weight, words in _GUARD_VARIABLES:
            if name == known and (values is None or value in values):
                yield Effect("privilege", "", weight, words, "insecure")  # type: ignore[arg-type]
    if made.name == "git" and _NO_CERTIFICATES.search(" ".join(made.call.texts)):
        words = "switches the check of certificates off"
        yield Effect("privilege", "", "medium", words, "insecure")
