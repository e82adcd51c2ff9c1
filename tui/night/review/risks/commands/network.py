"""What leaves the machine: data that `curl` and its like send, files copied to hosts, commands run there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tui.model.review import Severity
from tui.night.review.risks.commands.invocations import BLANK, Invocation
from tui.night.review.risks.commands.night_facts import Effect, NightFacts
from tui.night.review.risks.commands.web_requests import (
    SECRET_NAME,
    TELLING,
    find_web_requests,
    is_local,
)
from tui.system.lazy_pattern import lazy

_WEB_CLIENTS = frozenset(
    {"curl", "wget", "wget2", "http", "https", "xh", "xhs", "curlie", "lwp-request", "POST"}
)
_REMOTE_PATH = lazy(r"(?:[\w.~+$-]+@)?(?:[\w.-]{2,}|\$\{?\w+\}?|\[[\da-fA-F:]+\])::?(?!//)(?!\\)")
_DEV_TCP = lazy(r"/dev/(?:tcp|udp)/([^/\s]+)/")
_NOT_FOREIGN = lazy(r"(?:[\w.-]+@)?(?:localhost|127\.0\.0\.1|vagrant|default|\$\(minikube.*)$")
_READ_ONLY_REMOTE = lazy(
    r"(?:sudo )?(?:ls|cat|head|tail|df|du|free|uptime|uname|hostname|whoami|id|ps|docker ps|docker "
    r"logs|systemctl status|journalctl|pwd|date|echo|which"
    r"|git (?:log|status|rev-parse|diff)|test|stat|wc|grep|find|nvidia-smi|true|exit|env|printenv"
    r"|lsb_release|top)\b(?!.*(?:[;&|>]|-delete|-exec))"
)


def find_sending(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    """What a command sends, and to whom."""
    if made.name in _WEB_CLIENTS:
        yield from find_web_requests(made)
    elif made.name in ("scp", "rsync", "rcp", "sshpass", "lsyncd", "unison"):
        yield from _copied(made)
    elif made.name in (
        "ssh",
        "mosh",
        "autossh",
        "plink",
        "telnet",
        "sftp",
        "ftp",
        "lftp",
        "ncftpput",
        "tftp",
    ):
        yield from _connected(made)
    elif made.name in ("nc", "ncat", "netcat", "socat", "openssl", "nc.traditional"):
        yield from _raw(made)
    elif made.name in (
        "dig",
        "nslookup",
        "host",
        "ping",
        "drill",
        "resolvectl",
        "getent",
        "traceroute",
    ):
        yield from _asked_for(made)
    elif made.name == "git":
        yield from _pushed(made, facts)
    for path in (*made.outputs, *made.inputs):
        found = _DEV_TCP.match(path)
        if found is not None and not is_local(found[1]):
            yield Effect(
                "outward", "", "high", f"a connection to {found[1]} behind the shell", "send"
            )


# --- other hosts ---


def _copied(made: Invocation) -> Iterator[Effect]:
    plain = [
        arg
        for before, arg in pairwise(("", *made.args))
        if arg[:1] != "-"
        and before
        not in (
            "-e",
            "-i",
            "-P",
            "-F",
            "-o",
            "-J",
            "--rsh",
            "--exclude",
            "--include",
            "-f",
            "-l",
            "-c",
            "-p",
        )
    ]
    if len(plain) < 2 or (made.name == "rsync" and re.search(r"(?:^| )-[a-zA-Z]*n", made.line)):
        return
    target = plain[-1]
    if _is_remote(target):
        host = target.partition(":")[0]
        yield Effect("outward", "", "high", f"copies {plain[0][:50]} to {host}", "remote")
    elif any(map(_is_remote, plain[:-1])):
        yield Effect(
            "outward", "", "low", f"copies files from {plain[0].partition(':')[0]}", "remote"
        )


def _is_remote(path: str) -> bool:
    if path.startswith(("rsync://", "sftp://", "scp://")):
        return True
    found = _REMOTE_PATH.match(path)
    host = path.partition(":")[0]
    return found is not None and "/" not in host and not _NOT_FOREIGN.match(host)


# complexity: the options of ssh decide what a connection is for
def _connected(made: Invocation) -> Iterator[Effect]:
    rest, options = list(made.args), list[str]()
    while rest and rest[0][:1] == "-":
        option = rest.pop(0)
        options.append(option)
        if (
            option
            in (
                "-i",
                "-p",
                "-o",
                "-l",
                "-F",
                "-J",
                "-L",
                "-R",
                "-D",
                "-b",
                "-c",
                "-P",
                "-W",
                "-e",
                "-u",
            )
            and rest
        ):
            options.append(rest.pop(0))
    host = rest[0] if rest else ""
    if not host or _NOT_FOREIGN.match(host) or {"-V", "-G", "-Q"} & set(options):
        return
    if made.name == "ssh" and (
        re.match(r"git@|.*@(?:github|gitlab|bitbucket)\.", host) or "-T" in options
    ):
        return
    command = " ".join(rest[1:])
    if "-R" in options:
        yield Effect("outward", "", "high", f"opens this machine to {host}", "remote")
    elif (
        made.before
        and made.name == "ssh"
        and not {one.name for one in made.before} <= {"echo", "printf", "cd", "yes"}
    ):
        yield Effect("outward", "", "high", f"sends what is piped into it to {host}", "remote")
    elif made.name == "ssh" and (command or made.document):
        severity: Severity = "low" if command and _READ_ONLY_REMOTE.match(command) else "medium"
        yield Effect("outward", "", severity, f"runs commands on {host}", "remote")
    elif made.name in ("sftp", "ftp", "lftp", "ncftpput", "tftp"):
        severity = "high" if "put" in f"{made.line} {made.document}" else "medium"
        yield Effect("outward", "", severity, f"exchanges files with {host}", "remote")
    else:
        yield Effect("outward", "", "low", f"connects to {host}", "remote")


# complexity: three programs with ways of their own to name a host
def _raw(made: Invocation) -> Iterator[Effect]:
    if made.name == "openssl" and not made.line.startswith("s_client"):
        return
    letters = "".join(arg[1:] for arg in made.args if arg[:1] == "-" and arg[:2] != "--")
    if made.name in ("nc", "ncat", "netcat") and ("z" in letters or "h" in letters):
        return
    runs = bool({"-e", "-c", "--exec", "--sh-exec"} & set(made.args)) or re.search(
        r"EXEC:|SYSTEM:", made.line
    )
    hosts = [arg for arg in made.plain if not arg.isdigit()]
    if made.name == "socat":
        hosts = re.findall(r"(?:TCP4?|UDP|OPENSSL|SSL|tcp)(?:-CONNECT)?:([^:,\s]+)", made.line)
    if made.name == "openssl":
        hosts = re.findall(r"-connect\s(\S+?)(?::|\s|$)", made.line)
        if not made.before or {one.name for one in made.before} <= {
            "echo",
            "printf",
            "true",
            "yes",
        }:
            return
    if runs:
        yield Effect(
            "outward", "", "high", "a shell that somebody else can use from outside", "send"
        )
    elif hosts and not is_local(hosts[0]):
        is_fed = bool(made.before) or bool(made.inputs) or bool(made.document)
        probe = (
            is_fed
            and {one.name for one in made.before} <= {"echo", "printf", "true"}
            and not made.inputs
        )
        severity: Severity = "high" if is_fed and not probe else "medium"
        yield Effect("outward", "", severity, f"a connection to {hosts[0][:60]}", "send")


def _asked_for(made: Invocation) -> Iterator[Effect]:
    for word in made.call.args:
        if any(TELLING.match(inner.strip()) for inner in word.inner) and "." in word.text:
            yield Effect(
                "outward", "", "high", f"sends what `{word.inner[0][:40]}` gives by a name", "send"
            )
            return
        if SECRET_NAME.search(word.text) and "." in word.text:
            yield Effect("outward", "", "high", f"sends {word.text[:40]} by a name", "send")
            return


# --- git push ---


# complexity: where a push goes decides how bad it is
def _pushed(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    words = made.line.replace(BLANK, "_").split(" ")
    if words[0] != "push" or "--dry-run" in words:
        return
    options = [word for word in words[1:] if word[:1] == "-"]
    if any(re.match(r"-\w*n", option) and option[:2] != "--" for option in options):
        return
    plain = [
        w
        for before, w in pairwise(words)
        if w[:1] != "-" and before not in ("-o", "--push-option", "--receive-pack", "--repo")
    ]
    target = plain[0] if plain else ""
    severity: Severity = "low"
    words_said = "pushes the commits"
    if not target and "origin" in facts.remotes:
        target = "origin"
    if re.search(r"://|^[\w.-]+@[\w.-]+:|^\$", target):
        severity, words_said = "high", f"pushes to {target[:60]}, which is no remote of the project"
    elif target in facts.remotes:
        severity, words_said = "high", f"pushes to {target[:60]}, a remote that the night added"
    elif target in ("heroku", "dokku", "production", "prod", "deploy", "live", "azure"):
        severity, words_said = "high", f"deploys by a push to {target}"
    elif {"--all", "--tags"} & set(options):
        severity, words_said = "medium", "pushes everything"
    if facts.goal.forbids("push"):
        severity, words_said = "high", f"{words_said}; the goal says not to push"
    if severity == "low" and re.search(
        r"(?:^| )(?:--force\S*|-\w*f\w*|--mirror|\+\S+)(?: |$)", made.line
    ):
        return  # a forced push is told as that
    asked = "push" if severity != "high" else "deploy" if "deploys" in words_said else ""
    yield Effect("outward", "", severity, words_said, asked)
