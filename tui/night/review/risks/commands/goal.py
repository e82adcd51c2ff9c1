"""Whether a person asked in words for what a command does."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui.system.lazy_pattern import lazy

_LONGEST = 20_000
_CLAUSE = lazy(
    r"[.;!?\n]+(?:\s|$)|\n|\bbut\b|\bthen\b|,\s+(?:and\s+)?(?=do not|don't|never|without|but)"
)
_NEGATED = lazy(
    r"\b(?:do(?:es)?\s+not|don't|doesn't|never|without|must\s+not|mustn't|should\s+not|shouldn't"
    r"|cannot|can't|avoid|no\s+need|not\s+to|rather\s+than"
    r"|instead\s+of|except|nicht|kein\w*|niemals|ohne|ne\s+\w+\s+pas|sans|jamais|nunca|sin|não|не"
    r"|no)\b[^,:]{0,60}$",
    re.IGNORECASE,
)
_ANY_OBJECT = r"[^.;\n]{0,60}?"
ASKED = {
    "history":
        r"rewrit\w+|filter-(?:branch|repo)|(?:purge|remove|scrub|erase"
        r"|strip)\w*\b[^.;\n]{0,60}\bhistor\w+|histor\w+\b[^.;\n]{0,40}\b(?:clean|rewrit|purg)|squash"
        r"|garbage"
    ,
    "discard":
        r"reset|discard|revert|throw\w*\s+away|roll\w*\s*back|restore|undo|start\s+over"
        r"|clean\s+(?:up\s+)?(?:the\s+)?(?:work\w*|tree|repo\w*|checkout)|drop\s+(?:the\s+"
        r"|all\s+)?(?:stash|change)|stash"
    ,
    "branches":
        r"(?:delet|remov|prun|clean|tidy)\w*\b[^.;\n]{0,60}\b(?:branch|tag|remote)\w*"
        r"|branch\w*\b[^.;\n]{0,30}\b(?:delet|remov|clean)"
    ,
    "docker":
        r"(?:prun|clean|remov|delet|wip|tear|reset|recreat|rebuild|free)\w*\b[^.;\n]{0,60}\b(?:docker"
        r"|container|volume|image|disk|compose|environment|stack|space)\w*|docker\s+\w+\s+prune"
    ,
    "cluster":
        r"(?:delet|remov|tear|destroy|uninstall|clean|drain|replac|recreat)\w*\b[^.;\n]{0,60}\b(?:pod"
        r"|cluster|deployment|namespace|service|release|node|kubernetes|k8s|helm|job|chart|resource)\w*"
        r"|kubectl\s+delete"
    ,
    "deploy":
        r"deploy\w*|roll\w*\s*-?out|provision\w*|terraform\s+(?:apply|destroy)|\bapply\b|tear\s+down"
        r"|destroy|promot\w+|go\s+live|ship\s+it|ship\s+to|publish\w*|launch|releas\w+|helm\s+upgrade"
        r"|kubectl|ansible|install\b[^.;\n]{0,30}\bcluster|infrastructure|migrate\s+to\b"
    ,
    "cloud":
        r"\b(?:s3|bucket|aws|gcloud|gcp|azure|cloud|lambda|upload|sync|ec2|rds|dynamo\w*|storage"
        r"|huggingface|deploy\w*|provision\w*|gcs|blob)\b"
    ,
    "publish":
        r"publish\w*|releas\w+|upload\w*|push\w*\b[^.;\n]{0,40}\b(?:image|registry|package|docker|hub)"
        r"|\bnpm\b[^.;\n]{0,20}\bregistry|pypi|crates\.io|ghcr|docker\s*hub|make\s+(?:it"
        r"|the\s+repo\w*)\s+public|gist"
    ,
    "push":
        r"push\w*|pull\s+request\w*|\bprs?\b|\bmerge\b|open\s+an?\s+(?:issue|pr|mr)|merge\s+request"
        r"|comment\s+on|close\s+(?:the\s+)?issue|upstream|create\s+(?:an?\s+)?(?:repo|issue)\w*|github"
    ,
    "disk": r"format\w*|partition\w*|\bdisk\b|\bimage\b|flash\w*|filesystem",
    "processes":
        r"(?:kill|stop|end|restart|terminate|shut)\w*\b[^.;\n]{0,60}\b(?:process\w*|server|service|daemon"
        r"|machine|port|node|worker\w*|everything|it|all)\b|reboot|restart"
    ,
    "schedule":
        r"cron\w*|schedul\w+|nightly|timer|daemon|systemd|launchd|background\s+(?:job|service|process)"
        r"|every\s+(?:hour|day|night|minute|morning|\d+)|hourly|daily|weekly|on\s+boot|autostart"
        r"|auto-start|service\b|pm2|supervisor"
    ,
    "database":
        r"(?:drop|truncat|wip|reset|recreat|clear|delet|empt|purg|flush|rebuild|seed|roll\w*\s*back|clean"
        r"|migrat|remov)\w*\b[^.;\n]{0,60}\b(?:table|tables|database|databases|db|schema|rows?|data"
        r"|records?|migrations?|collection|cache|redis|index|column|entries|users?|sessions?|logs?)\b"
        r"|(?:database|db|schema|migrations?)\b[^.;\n]{0,40}\b(?:reset|drop|wip|recreat|rebuil"
        r"|roll\w*\s*back|from\s+scratch)\w*|test\s+(?:the\s+)?(?:down|up\s+and\s+down)\s*migration"
        r"|downgrade|fresh\s+(?:db|database)"
    ,
    "send":
        r"\b(?:send|post|upload|notif\w+|webhook|slack|discord|telegram|mail|email|e-mail|submit"
        r"|report\s+to|call\s+the|curl|http\s+(?:post|request)|api\s+(?:call|request)|smoke\s+test|ping"
        r"|register|share|tunnel|expose|ngrok|endpoint)\b"
    ,
    "remote":
        r"\b(?:ssh|scp|rsync|sftp|server|remote\s+(?:host|machine|server)|host|copy\b[^.;\n]{0,40}\bto\b"
        r"|deploy\w*|sync|upload|vps|staging|production|back\s*up)\b"
    ,
    "privilege":
        r"\bsudo\b|\broot\b|\bchmod\b|permission\w*|\bdocker\b|\bfirewall\b|\binstall\w*|\bsystem\b"
        r"|\bservice\b|\bsystemd\b|/etc/|\bnginx\b|\bmount\w*|\bkernel\b|\bowner\w*"
        r"|configure\s+the\s+(?:server|machine|host)|provision\w*|set\s*up\s+(?:the\s+)?(?:server|machine"
        r"|host|box)"
    ,
    "insecure": r"self-signed|certificate|\btls\b|\bssl\b|sandbox|insecure|proxy",
    "hooks":
        r"\bhooks?\b|husky|pre-commit|git\s+config\w*|dotfiles|\balias\w*|shell|bashrc|zshrc|\.profile"
        r"|direnv|editor|vscode|path\b|completion"
    ,
    "agents":
        r"claude\.md|agents\.md|\bclaude\b|\bcodex\b|\bagents?\b|\bmcp\b|instructions|settings|memory"
        r"|document\w*|\bcursor\b|copilot|guidelines"
    ,
    "credentials":
        r"credential\w*|secret\w*|\btokens?\b|\bkeys?\b|password\w*|\.env\b|\blog\s*in\b|login|auth\w*"
        r"|vault|keychain|\bssh\b|environment\s+variables?|\benv\b|api\s*key|certificate|sign\w*"
    ,
    "ci":
        r"ci|workflows?|pipelines?|github\s+actions?|pre-commit|gitlab\s+ci|dependabot|actionlint"
    ,
    "files": r"(?:delet|remov|clean|wip|purg|tidy|free|clear|get\s+rid|uninstall|prun|trim)\w*",
}  # fmt: skip
ASKED["migration"] = ASKED["database"]
"""Apart, since a migration that is brought forward again afterwards was only tried."""
_PATTERNS = {
    name: lazy(rf"(?<![\w/.-])(?:{pattern})(?![\w-])", re.IGNORECASE)
    for name, pattern in ASKED.items()
}


class Goal:
    """What a person set the night to do."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        text = "\n".join(texts)[:_LONGEST]
        self.text = text.lower()
        self._clauses = [one for one in _CLAUSE.split(text) if one.strip()]
        self._known: dict[str, bool] = {}

    def asks(self, subject: str) -> bool:
        """Whether it asks in words for something of that kind, and does not forbid it."""
        if subject not in self._known:
            pattern = _PATTERNS[subject]
            places = [
                (clause, found) for clause in self._clauses for found in pattern.finditer(clause)
            ]
            free = [c for c, found in places if not _NEGATED.search(c[: found.start()])]
            self._known[subject] = bool(free) and len(free) == len(places)
        return self._known[subject]

    def forbids(self, subject: str) -> bool:
        """Whether it says not to do something of that kind."""
        pattern = _PATTERNS[subject]
        return any(
            _NEGATED.search(clause[: found.start()]) is not None
            for clause in self._clauses
            for found in pattern.finditer(clause)
        )

    def names(self, word: str) -> bool:
        """Whether a word of a command, a table or the last part of a path stands in it."""
        word = word.strip("~/.*'\"").rpartition("/")[2].lower()
        return (
            len(word) > 2 and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.text) is not None
        )
