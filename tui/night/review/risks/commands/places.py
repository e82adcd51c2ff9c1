"""Where a path lies that a command names: what may go, what is somebody else's, secrets, what acts later."""

from __future__ import annotations

from enum import Enum
from posixpath import normpath
from typing import NamedTuple

from tui.model.permissions.denied_commands import is_secret_path
from tui.model.review import Severity
from tui.night.review.risks.commands.invocations import UNKNOWN
from tui.system.lazy_pattern import lazy


class Place(Enum):
    """What a path is to the night."""

    PROJECT = "project"
    WHOLE_PROJECT = "whole project"
    REBUILT = "rebuilt"
    SCRATCH = "scratch"
    OUTSIDE = "outside"
    HOME = "home"
    SYSTEM = "system"
    UNKNOWN = "unknown"


_HOME = lazy(r"(?:/root|/home/[^/]+|/Users/[^/]+|~\w*)(?=/|$)")
_SCRATCH = lazy(
    r"/(?:private/)?(?:var/)?tmp(?:/|$)|/(?:private/)?var/folders/|/dev/(?:null|shm/|stdout|stderr|tty|fd)"
)
_REBUILT_NAMES = (
    r"node_modules|dist|build|builds|target|out|output|bin|obj|coverage|htmlcov|\.coverage[\w.]*"
    r"|__pycache__|\.venv|venv|env"
    r"|\.tox|\.nox|\.eggs|[\w.-]+\.egg-info|\.(?:[\w-]+[_-])?cache|_?caches?|\.next|\.nuxt|\.output"
    r"|\.svelte-kit|\.turbo"
    r"|\.parcel-cache|\.vite|\.angular|\.gradle|\.terraform|\.serverless|\.ruff_cache|\.mypy_cache"
    r"|\.pytest_cache"
    r"|\.hypothesis|\.ipynb_checkpoints|_build|site|public/build|storybook-static|test-results"
    r"|playwright-report|reports?"
    r"|logs?|tmp|temp|\.tmp|vendor/bundle|Pods|DerivedData|elm-stuff|bower_components|\.expo"
    r"|\.yarn/cache|zig-cache"
    r"|zig-out|cmake-build-[\w-]+|\.stack-work|dist-newstyle|_deps|deps|generated|\.generated"
    r"|\.claude/worktrees|worktrees"
    r"|\.pnpm-store|\.npm/_\w+|\.nyc_output|_cacache|npm-cache|\.trash|\.DS_Store"
)
_REBUILT = lazy(
    rf"(?:^|/)(?:{_REBUILT_NAMES})(?:/|$)|\.(?:pyc|pyo|o|log|tmp|bak|orig|rej|swp|tsbuildinfo|egg-info|class)$"
)
_CACHE_OF_HOME = lazy(
    r"~/(?:\.cache|\.npm|\.gradle/caches|\.m2/repository|\.cargo/registry|Library/Caches|go/pkg)(?:/|$)"
    r"|~/\.local/share/(?:pnpm|Trash|virtualenvs)"
)
_SYSTEM = lazy(
    r"/(?:etc|usr|bin|sbin|lib\w*|boot|opt|var|srv|dev|sys|proc|System|Library|Applications|mnt|media"
    r"|Volumes|data|home|Users"
    r"|root)?(?:/|$)"
)
_ALL_OF_IT = lazy(r"(?:\./)?(?:\*|\.\*|\{\*,\.\*\}|\*\*|\.|\./|\.git|\.git/?\*?)/?$")


class Scene(NamedTuple):
    """Where a night works: the project's folder, and what it made itself."""

    project: str = ""
    made: frozenset[str] = frozenset()

    # complexity: one test after the other, the first that holds says what a path is
    def place(self, path: str, folder: str = "") -> Place:
        """What a path is that a command in `folder` names."""
        if path.startswith((UNKNOWN, "$", "{}", "%")) or (
            folder[:1] == "$" and path[:1] not in "/~"
        ):
            return Place.UNKNOWN
        full = self.absolute(path, folder)
        if full.startswith("$") or full == "":
            return Place.UNKNOWN
        if any(full == made or full.startswith(made + "/") for made in self.made):
            return Place.SCRATCH
        if full[:1] not in "/~":
            inside = self._inside(full)
            if inside is not None:
                return inside
            full = normpath(f"{self.project}/{full}") if self.project else full
            return Place.OUTSIDE if not self._is_scratch(full) else Place.SCRATCH
        if self.project and (full + "/").startswith(self.project + "/"):
            return self._inside(full[len(self.project) + 1 :]) or Place.PROJECT
        short = _HOME.sub("~", full, 1)
        if self._is_scratch(full) or _CACHE_OF_HOME.match(short):
            return Place.SCRATCH
        if _REBUILT.search(short.lstrip("/")) and short.count("/") > 1 and short[:1] != "/":
            return Place.REBUILT
        if short[:1] == "~":
            return Place.HOME if short.count("/") < 2 or short[2:3] == "." else Place.OUTSIDE
        if _REBUILT.search(full[1:]) and not full.startswith(
            ("/usr", "/etc", "/bin", "/opt", "/var/l")
        ):
            return Place.REBUILT
        return Place.SYSTEM if _SYSTEM.match(full) else Place.OUTSIDE

    def _is_scratch(self, full: str) -> bool:
        if _SCRATCH.match(full) is None:
            return False
        # A neighbour of a project that itself lies in /tmp is somebody's, unless /tmp is all they share.
        above = self.project.rpartition("/")[0]
        return not (above.count("/") > 1 and (full + "/").startswith(above + "/"))

    def _inside(self, path: str) -> Place | None:
        """What a path below the project is; None for one that leaves it."""
        path = normpath(path) if path else "."
        if path.startswith(".."):
            return None
        if _ALL_OF_IT.match(path):
            return Place.WHOLE_PROJECT
        return Place.REBUILT if _REBUILT.search(path) else Place.PROJECT

    def absolute(self, path: str, folder: str = "") -> str:
        """The path from the root or from `~`; from the project where that is not known."""
        if folder and path[:1] not in ("/", "~"):
            path = f"{folder}/{path}"
        if path[:1] == "/":
            return "/" + path.strip("/") if path.strip("/") in ("*", "") else normpath(path)
        if path[:1] == "~":
            return normpath(path) if path.strip("/") != "~" else "~"
        return normpath(path) if path else ""


# --- credentials ---

_SECRET_HOME = lazy(
    r"/\.ssh/(?!known_hosts|config|authorized_keys|[\w.-]*\.pub$)\S|/\.aws/(?:credentials|sso|cli)"
    r"|/\.netrc$|/_netrc$"
    r"|/\.git-credentials$|/\.pgpass$|/\.my\.cnf$|/\.pypirc$|/\.npmrc$|/\.vault-token$|/\.kube/config"
    r"|/\.docker/config\.json"
    r"|/\.config/gh/|/\.config/(?:gcloud|op|rclone|hub)|/\.azure/|/\.gnupg/|/\.password-store"
    r"|/keyrings?/|/Keychains/"
    r"|/\.claude/\.credentials|/\.claude\.json$|/\.cargo/credentials|/\.gem/credentials"
    r"|/\.terraform\.d/credentials"
    r"|/\.(?:bash|zsh|psql|mysql|python)_history$|/Login Data$|/Cookies$|/logins\.json$|/wallet\.dat$"
    r"|/\.codex/auth"
    r"|/\.config/configstore|/\.local/share/(?:keyrings|kwalletd)"
)
_SECRET_SYSTEM = lazy(
    r"^/etc/(?:shadow|gshadow|sudoers|ssl/private|ssh/ssh_host_\w+_key$|kubernetes/.*\.conf)"
    r"|^/proc/[^/]+/environ$"
    r"|^/(?:var/)?run/secrets/"
)
_SECRET_FILE = lazy(
    r"(?:^|/)\.env(?:\.(?!example|sample|template|test|dist|ci|defaults?|schema|vault)[\w.-]+)?$"
    r"|(?:^|/)(?:id_(?:rsa|ed25519|ecdsa|dsa)|\.netrc|\.git-credentials|\.pgpass|\.htpasswd|\.vault-token)$"
    r"|(?:^|/)(?:credentials|secrets?|service[-_]?account[\w-]*)\.(?:json|ya?ml|toml|env|txt)$"
    r"|(?:^|/)(?!(?:cert|ca|chain|fullchain|public|pub)\b)[\w.-]*(?:key|private|server)[\w.-]*\.pem$"
    r"|\.(?:p12|pfx|jks|keystore|kdbx)$|(?:^|/)[\w.-]+\.key$|(?:^|/)(?:terraform|secrets?)\.tfvars$"
    r"|(?:^|/)\.dev\.vars$"
)
_TRIED = lazy(
    r"(?:^|/)(?:tests?|__tests__|spec|fixtures?|testdata|test[-_]data|examples?|samples?|docs?|mocks?"
    r"|node_modules|site-packages)/"
    r"|(?:^|/)(?:tests?|fake|dummy|mock|example)[-_.]|\.(?:example|sample|template)\b",
    2,
)


# complexity: one kind of file after the other
def secret_severity(path: str, folder: str = "") -> Severity | None:
    """How bad it is to read a file, by its path; None for one that holds no credentials by convention."""
    if folder and path[:1] not in ("/", "~"):
        path = f"{folder}/{path}"
    path = path.rstrip("*") if path.endswith("/*") else path
    if path.startswith(("/tmp/", "/var/tmp/")) and "/.ssh/" not in path:
        return None
    if _SECRET_SYSTEM.search(path) or (_SECRET_HOME.search(path) and path[:1] in "/~$."):
        return "medium" if path.endswith("_history") else "high"
    if not _SECRET_FILE.search(path) and not (is_secret_path(path) and path[:1] in "/~"):
        return None
    if _TRIED.search(path) or path.endswith(
        (".pub", "known_hosts", "/.ssh", "/.ssh/config", "authorized_keys")
    ):
        return None
    return "high" if path[:1] == "~" or (_HOME.match(path) and "/.env" not in path) else "medium"


# --- what outlives the night ---


class Lasting(NamedTuple):
    """A file that acts by itself later: how bad a change of it is, and what it does."""

    severity: Severity
    words: str


_LASTING: tuple[tuple[str, Severity, str], ...] = (
    (r"authorized_keys2?$", "high", "lets somebody log in from now on"),
    (
        r"(?:^~|^/root|^/home/[^/]+|^/Users/[^/]+|^/etc)/(?:\.?(?:bashrc|bash_profile|bash_login"
        r"|bash_logout|bash_aliases|bash\.bashrc"
        r"|zshrc|zshenv|zprofile|zlogin|profile|kshrc|xprofile|xinitrc|inputrc|pam_environment"
        r"|environment)$|profile\.d/"
        r"|zsh/|\.config/fish/|\.oh-my-zsh/|\.config/(?:zsh|bash)/)",
        "high",
        "runs in every shell from now on",
    ),
    (r"^/etc/(?:cron|anacrontab)|^/var/spool/(?:cron|at)", "high", "runs by itself from now on"),
    (
        r"/systemd/(?:user|system)/|^/etc/init\.d/|^/etc/rc\.local|^/etc/ld\.so\.preload|^/etc/(?:udev"
        r"|xdg/autostart)|/autostart/",
        "high",
        "is started by the machine from now on",
    ),
    (r"/Launch(?:Agents|Daemons)/", "high", "is started by the machine from now on"),
    (
        r"(?:^~|^/root|^/home/[^/]+|^/Users/[^/]+)/\.(?:ssh/(?:config|rc|environment)|gitconfig$"
        r"|config/git/|vimrc|emacs|config/nvim"
        r"|tmux\.conf|screenrc|hgrc|curlrc|wgetrc|npmrc$|yarnrc|pip/|config/pip/|config/Code/|vscode/"
        r"|cargo/config|m2/settings|pythonrc"
        r"|local/bin/|bin/)",
        "medium",
        "changes how programs of this user work from now on",
    ),
    (r"(?:^|/)\.git/hooks/(?!.*\.sample$)[\w-]+$", "high", "git runs it from now on"),
    (
        r"(?:^|/)\.git/(?:config|info/attributes)$",
        "medium",
        "changes how git works in this repository",
    ),
    (
        r"(?:^~|^/root|^/home/[^/]+|^/Users/[^/]+)/\.claude/(?:settings[\w.]*json|CLAUDE\.md|commands/"
        r"|agents/|skills/|hooks/|plugins/)",
        "high",
        "tells every later session of the agent what to do",
    ),
    (
        r"(?:^~|^/root|^/home/[^/]+|^/Users/[^/]+)/(?:\.claude\.json|\.codex/|\.gemini/|\.cursor/"
        r"|AGENTS\.md|CLAUDE\.md)",
        "high",
        "tells every later session of the agent what to do",
    ),
    (
        r"(?:^|/)(?:site|user)customize\.py$|site-packages/[\w.-]+\.pth$",
        "high",
        "every Python process runs it from now on",
    ),
    (
        r"(?:^~|^/root|^/home/[^/]+|^/Users/[^/]+)/conftest\.py$",
        "medium",
        "every test run below it loads it from now on",
    ),
    (
        r"(?:^|/)\.vscode/tasks\.json$|(?:^|/)\.idea/runConfigurations/",
        "medium",
        "an editor may run it from now on",
    ),
    (r"(?:^|/)\.envrc$", "medium", "direnv runs it on entering the folder"),
)
_PATTERNS = tuple(
    (lazy(pattern), Lasting(severity, words)) for pattern, severity, words in _LASTING
)
_ANY = lazy(
    r"authorized_keys|rc$|profile|\.z\w+$|cron|/at$|systemd|init\.d|rc\.|preload|udev|autostart"
    r"|Launch|\.ssh/|\.git|config"
    r"|vimrc|emacs|\.conf$|pip/|vscode|local/bin|/bin/|claude|CLAUDE|AGENTS|codex|gemini|cursor"
    r"|customize\.py|\.pth$|conftest"
    r"|\.idea|bash|fish|zsh|environment|\.m2|anacron|spool"
)


def lasting(path: str, folder: str = "") -> Lasting | None:
    """What a file does by itself later, by its path; None for an ordinary one."""
    if folder and path[:1] not in ("/", "~"):
        path = f"{folder}/{path}"
    if _ANY.search(path) is None:
        return None
    return next((what for pattern, what in _PATTERNS if pattern.search(path)), None)
