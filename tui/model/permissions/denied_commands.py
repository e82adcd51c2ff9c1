"""Commands that no unattended session may run: one table, for the CLI's own rules and for hooks.

What a script, a test or an interpreter does inside cannot be seen in its command line, so this table does
not judge it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from tui.model.permissions.rules import ANY_ARGUMENTS, bash_content


class DeniedKind(StrEnum):
    """What a denied command does."""

    NETWORK = "network"
    PUSH = "push"
    PUBLISH = "publish"
    PRIVILEGE = "privilege"
    DESTRUCTIVE = "destructive"
    CREDENTIALS = "credentials"
    CHECKS = "checks"

    @property
    def words(self) -> str:
        """What is wrong with it, as the end of "it …"."""
        return _WORDS[self]


_WORDS = {
    DeniedKind.NETWORK: "reaches the network",
    DeniedKind.PUSH: "sends commits to another repository",
    DeniedKind.PUBLISH: "publishes or deploys",
    DeniedKind.PRIVILEGE: "takes more rights or changes the machine",
    DeniedKind.DESTRUCTIVE: "destroys what cannot be brought back",
    DeniedKind.CREDENTIALS: "reads credentials",
    DeniedKind.CHECKS: "goes round the project's own checks",
}

WIDE = "<wide>"
"""An argument that names everything: a root, a home, a parent folder, all files of a folder."""
_ONLY = "<only>"


class DeniedCommand(NamedTuple):
    """The beginning of a command line that is denied.

    `words` are the program and its subcommands in their order; `signs` must each stand somewhere after
    them: an option (`--hard`; a single letter also within a group), a pattern of a whole argument
    (`of=/dev/*`), or WIDE; none of `unless` may. `only`: nothing may follow.
    """

    kind: DeniedKind
    words: tuple[str, ...]
    signs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    only: bool = False

    @property
    def text(self) -> str:
        """The beginning, as a person would write it."""
        return " ".join((*self.words, *(s.replace(WIDE, "(everything)") for s in self.signs)))


# `a|b` are alternatives; from the first option, pattern or <…> on words are signs; `!a`: unless that is there.
_TABLE = {
    DeniedKind.NETWORK: """
        curl; wget; wget2; aria2c; axel; http; https; xh; nc; ncat; netcat; socat; telnet; ftp; tftp; lftp;
        sftp; ssh; scp; mosh; sshfs; autossh; rsync *:*; rclone; lynx; w3m; elinks; dig; nslookup; whois;
        nmap; ngrok; cloudflared; tailscale; openssl s_client; git daemon; s3cmd; gsutil
    """,
    DeniedKind.PUSH: """
        git push; git send-pack; git send-email; git http-push; git svn dcommit; git lfs push; git p4
        submit; git request-pull; git remote add|set-url; hg push; svn commit|ci; jj git push
    """,
    DeniedKind.PUBLISH: """
        npm|pnpm|yarn|bun publish; npm unpublish|deprecate|dist-tag|owner|access|token|login|adduser; pnpm
        unpublish; yarn npm publish|login; lerna publish; changeset publish; np; semantic-release;
        release-it; vsce publish; ovsx publish; cargo publish|yank|owner|login; twine; flit publish;
        poetry|uv|hatch|pdm publish; maturin publish|upload; python|python3 setup.py upload|register; gem
        push|yank|signin; rake release; mix hex.publish; dotnet nuget push; nuget push;
        docker|podman|buildah push|login; docker buildx build --push; skopeo; crane; helm
        push|install|upgrade|uninstall; goreleaser; gh release|auth|secret|api|gist|repo|ssh-key|workflow;
        glab; hub; gh pr create|merge|close|comment|review|edit; gh issue create|close|comment|edit|delete;
        mvn|mvnw deploy|release:perform|release:prepare; gradle|gradlew publish|publishPlugins; sbt
        publish|publishSigned; lein deploy;
        cabal upload; stack upload; dart|flutter pub publish; pod trunk; terraform|tofu apply|destroy;
        pulumi up|destroy; cdk deploy|destroy; sam deploy; serverless|sls deploy|remove; kubectl; eksctl;
        aws; gcloud; az; doctl; heroku; fly|flyctl; vercel; netlify; wrangler; firebase; railway;
        ansible-playbook; fastlane
    """,
    DeniedKind.PRIVILEGE: """
        sudo; su; doas; pkexec; runuser; sudoedit; run0; gosu; chroot; nsenter; unshare; setcap; setpriv;
        mount; umount; losetup; insmod; modprobe; rmmod; kexec; systemctl; service; systemd-run; launchctl;
        reboot; shutdown; poweroff; halt; useradd; usermod; userdel; groupadd; passwd; chpasswd; chsh;
        crontab; at; batch; iptables; nft; ufw; sysctl; chattr; docker|podman run --privileged; killall;
        pkill; apt|apt-get|dnf|yum|apk|brew install|remove|purge|upgrade|uninstall|add|del; pacman; snap;
        dpkg; rpm
    """,
    DeniedKind.DESTRUCTIVE: """
        git reset --hard|--merge; git clean; git checkout -f|--force; git switch
        -f|--force|--discard-changes; git checkout <wide>; git restore <wide> !--staged; git restore
        -W|--worktree <wide>; git switch|checkout -C|-B; git stash drop|clear; git branch -D; git branch
        -d|--delete --force|-f; git update-ref; git reflog expire|delete; git gc --prune*; git prune; git
        filter-branch; git filter-repo; git worktree remove; git symbolic-ref; git replace; git rm <wide>
        !--cached; git remote remove|rm; git config --global; git config --system; rm <wide>; rmdir <wide>;
        unlink <wide>; shred; wipefs; mkfs; mkfs.*; mkswap; fdisk; sfdisk; parted; blkdiscard; dd of=/dev/*;
        chmod|chown|chgrp -R|--recursive <wide>; find <wide> -delete; find <wide> -exec rm; git
        log|diff|show --output*; dropdb; redis-cli flushall|FLUSHALL|flushdb|FLUSHDB; mysqladmin drop;
        docker system|volume|image|container|builder
        prune; docker volume rm; diskutil; hg strip|purge; svn revert -R
    """,
    DeniedKind.CREDENTIALS: """
        printenv; env <only>; export -p; declare -x; pass; gopass; lpass; vault; security; secret-tool;
        ssh-add; ssh-keygen; gpg|gpg2 --export-secret-keys|--export-secret-subkeys; git credential; git
        credential-store; docker-credential-*; sops
    """,
    DeniedKind.CHECKS: "git commit|merge|am --no-verify; git commit -n; git config core.hooksPath",
}
_WITH_VALUE = {
    "git": frozenset("-C -c --git-dir --work-tree --namespace --exec-path --config-env".split())
}
"""Options before the subcommand that take the next word, where they are known."""
_LAUNCHERS = frozenset(
    {("npx",), ("bunx",), ("uvx",), ("pipx", "run")}
    | {(name, word) for name in ("npm", "pnpm", "yarn", "bundle") for word in ("exec", "dlx")}
    | {(name, "run") for name in ("uv", "poetry", "pdm", "hatch", "rye", "pipenv")}
    | {(f"python{number}", "-m") for number in ("", "3", "2")}
)
"""They run the program that is named next."""
_WRAPPERS = frozenset({"gradlew", "mvnw"})
"""Programs of a project's own folder that the table means."""
_HOMES = ("$HOME", "${HOME}", "$PWD", "${PWD}", "$OLDPWD")


@lru_cache(maxsize=1)
def denied_commands() -> tuple[DeniedCommand, ...]:
    """All denied beginnings, alternatives written out."""
    rows = ((kind, row.split()) for kind, text in _TABLE.items() for row in text.split(";"))
    return tuple(_entry(kind, words) for kind, row in rows for words in _written_out(row))


def denied_unless(allowed: Iterable[str]) -> tuple[DeniedCommand, ...]:
    """All denied beginnings but those that a person's own allow rules name, such as "Bash(git push:*)".

    A broader rule ("Bash(git:*)", "Bash") takes nothing away.
    """
    named = [_words_of_rule(rule) for rule in allowed]
    lifted = [words for words in named if words]
    return tuple(
        entry
        for entry in denied_commands()
        if not any(words[: len(entry.words)] == entry.words for words in lifted)
    )


def _words_of_rule(rule: str) -> tuple[str, ...]:
    """The words that a rule for Bash begins with; none for another tool, or for any command."""
    content = bash_content(rule) or ""
    return tuple(content.removesuffix(ANY_ARGUMENTS).removesuffix("*").split())


def _written_out(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if not words:
        yield ()
        return
    rest = list(_written_out(words[1:]))
    yield from ((one, *more) for one in words[0].split("|") for more in rest)


def _entry(kind: DeniedKind, words: tuple[str, ...]) -> DeniedCommand:
    cut = next((n for n, word in enumerate(words) if n and _is_sign(word)), len(words))
    signs = tuple(word for word in words[cut:] if word != _ONLY and word[0] != "!")
    unless = tuple(word[1:] for word in words[cut:] if word[0] == "!")
    return DeniedCommand(kind, words[:cut], signs, unless, _ONLY in words)


def _is_sign(word: str) -> bool:
    return word[0] in "-<!" or "*" in word


def denied_command(
    words: Sequence[str], denied: Iterable[DeniedCommand] | None = None
) -> DeniedCommand | None:
    """The entry, of `denied` or of the whole table, that denies a simple command; None where none does.

    `words` are those of one command as the shell sees them: unquoted, without assignments, redirections
    and wrappers such as `env`, `timeout`, `xargs`, `sh -c`.
    """
    words = launched_words(words)
    if not words:
        return None
    name = _program(words[0])
    for entry in denied_commands() if denied is None else denied:
        known = entry.words[0]
        if (name == known or ("*" in known and fnmatchcase(name, known))) and _fits(
            entry, words[1:], _WITH_VALUE.get(name)
        ):
            return entry
    return None


def launched_words(words: Sequence[str]) -> Sequence[str]:
    """The command that a launcher (`npx`, `python -m`, `uv run`) is given, or the command itself."""
    for _ in range(4):
        if not words:
            return ()
        name = _program(words[0])
        count = 1 if (name,) in _LAUNCHERS else 2 if (name, *words[1:2]) in _LAUNCHERS else 0
        rest = list(words[count:])
        while count and rest and rest[0].startswith("-"):
            del rest[0]
        if not count or not rest:
            return words
        words = rest
    return words


def _program(word: str) -> str:
    """The name of a program; a program of the project's own folder is no other than itself."""
    name = word.rpartition("/")[2].casefold().removesuffix(".exe")
    return name if word.startswith("/") or "/" not in word or name in _WRAPPERS else word


def _fits(entry: DeniedCommand, arguments: Sequence[str], valued: frozenset[str] | None) -> bool:
    rest = _after_subcommands(entry.words[1:], list(arguments), valued)
    if rest is None or (entry.only and rest):
        return False
    there = [any(_is_there(sign, word) for word in rest) for sign in entry.signs]
    return all(there) and not any(sign in rest for sign in entry.unless)


def _after_subcommands(
    wanted: Sequence[str], words: list[str], valued: frozenset[str] | None
) -> list[str] | None:
    """The arguments without the subcommands; None where those do not stand at the beginning.

    Options may stand between; so may the value of one, where it is not known which options have any.
    """
    left: list[str] = []
    for word in wanted:
        while words and words[0] != word:
            if words[0][0:1] not in ("-", "+"):
                return None
            option = words.pop(0)
            left.append(option)
            takes = option in valued if valued is not None else "=" not in option
            if takes and words and words[0] != word:
                left.append(words.pop(0))
        if not words:
            return None
        del words[0]
    return left + words


_SECRET_NAMES = frozenset(
    ".netrc _netrc .git-credentials .pgpass .my.cnf .pypirc .vault-token .credentials.json"
    " .htpasswd id_rsa id_ed25519 id_ecdsa id_dsa .env .env.local .env.production .env.development.local"
    " .env.production.local shadow gshadow".split()
)
_SECRET_FOLDERS = (
    (".ssh",), (".aws",), (".gnupg",), (".azure",), (".kube",), (".docker", "config.json"), (".config", "gh"),
    (".config", "gcloud"), (".config", "op"), (".password-store",), (".local", "share", "keyrings"),
)  # fmt: skip


def is_secret_path(path: str) -> bool:
    """Whether a path, as a command names it, is where credentials are kept by convention."""
    parts = tuple(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))
    if not parts:
        return False
    if parts[-1] in _SECRET_NAMES:
        return parts[-1] not in ("shadow", "gshadow") or path.startswith("/etc/")
    return any(
        parts[at : at + len(folder)] == folder
        for folder in _SECRET_FOLDERS
        for at in range(len(parts))
    )


def _is_there(sign: str, word: str) -> bool:
    if sign == WIDE:
        return is_wide(word)
    if "*" in sign:
        return fnmatchcase(word, sign)
    if sign.startswith("-") and not sign.startswith("--") and len(sign) == 2:
        return word[:1] == "-" and word[:2] != "--" and sign[1] in word[1:]
    return word == sign or word.startswith(f"{sign}=")


def is_wide(word: str) -> bool:
    """Whether an argument names everything: a root, a home, a parent folder, all files of a folder."""
    if word.startswith("-"):
        return False
    if word.startswith("~") or any(word == home or word.startswith(f"{home}/") for home in _HOMES):
        return True
    parts = [part for part in word.split("/") if part not in ("", ".")]
    if word.startswith("/") and len(parts) < 2:
        return True
    return not parts or ".." in parts or parts[-1] in ("*", ".*", "{*,.*}", "**")
