"""The project's own environment for a copy: what was installed is used where it lies, and nothing is installed.

A virtual environment is linked. `node_modules` becomes a folder of links, so that caches that tools keep in it
land in the copy; links from it into the project lead into the copy. What finds the project by where it lies
itself (PHP's `vendor`) is copied. Where an editable install leads back to the project, Python is told to
search the copy first, and asked whether it does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from tui.runner.copies.commands import run_command
from tui.runner.copies.throwaway import Throwaway
from tui.runner.proof.night_commands import ProofCommand
from tui.system.children.programs import find_program
from tui.system.files import make_folder, read_small
from tui.system.git import Git
from tui.system.lazy_pattern import lazy
from tui.system.paths import lies_in

_NODE: Final = "node_modules"
_CACHES: Final = frozenset({".cache", ".vite", ".vitest", ".tmp", ".turbo"})
_LINKED: Final = frozenset({".pixi", ".conda", ".yarn", ".bundle", "elm-stuff", "__pypackages__"})
_COPIED: Final = frozenset({"vendor", "deps"})
_BUILT = lazy(r"(?:^|/)(?:_version\.py|[^/]+\.(?:so|pyd|dylib)|\.pnp\.[\w.]+)$")
"""Files that a build left among the sources, and that git ignores."""
_MOST_COPIED_BYTES: Final = 1 << 30
_MOST_COPIED_FILES: Final = 100_000
_MOST_LINKS: Final = 20_000
_MOST_PATH_FILES: Final = 300
_SMALL: Final = 256 << 10
_QUOTED = lazy(r"['\"](/[^'\"\n]+)['\"]")
_OURS: Final = ("OVERNIGHT", "CLAUDE", "ANTHROPIC")
_LEADING_AWAY: Final = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_NAMESPACE"
    " GIT_ALTERNATE_OBJECT_DIRECTORIES OLDPWD PYTHONPATH PYTHONHOME PYTHONSTARTUP NODE_PATH".split()
)
_ADDED: Final = {
    "PYTHONDONTWRITEBYTECODE": "1",
    # So that a runner that would install what is missing says so instead.
    "UV_NO_SYNC": "1",
    "npm_config_yes": "false",
    "npm_config_update_notifier": "false",
    "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_ASK_SECONDS: Final = 60.0
_MOST_NAMES: Final = 40
_ASK: Final = """
import importlib.util, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        continue
    places = [spec.origin or "", *(spec.submodule_search_locations or [])] if spec else []
    found[name] = [str(place) for place in places]
print("\\n" + json.dumps(found))
"""
_MISSING = lazy(r"ModuleNotFoundError: No module named ['\"]([\w.]+)['\"]")
_PYTHON = lazy(r"python[\d.]*")
_FIRST_LINE = lazy(rb"#!\s*(/\S*/python[\d.]*)\s")
_FIRST_BYTES: Final = 300
_NO_PACKAGES: Final = frozenset({"conftest", "setup", "noxfile", "tasks", "tests", "test"})


class FoundEnvironment(Struct, frozen=True):
    """What of a project's work tree is installed or built, from its top; `venvs` are among the linked."""

    linked: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    venvs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        return (*self.linked, *self.node, *self.copied)


def find_environment(git: Git) -> FoundEnvironment:
    """What git does not track of the work tree and belongs to its environment."""
    linked, node, copied, venvs, files = [], [], [], [], []
    for name in _untracked(git):
        path = git.work_tree / name
        folder = name.endswith("/")
        name, base = name.rstrip("/"), os.path.basename(name.rstrip("/"))
        if not folder:
            files += [name] if _BUILT.search(name) else []
        elif (path / "pyvenv.cfg").is_file():
            venvs.append(name)
            linked.append(name)
        elif base == _NODE:
            node.append(name)
        elif base in _LINKED:
            linked.append(name)
        elif base in _COPIED:
            copied.append(name)
    return FoundEnvironment(*map(tuple, (linked, node, copied, venvs, files)))


def _untracked(git: Git) -> Iterator[str]:
    for more in (("--ignored",), ()):
        words = ("ls-files", "-z", "--others", *more, "--exclude-standard", "--directory")
        yield from filter(None, os.fsdecode(git.run(words)).split("\0"))


def put_in_place(found: FoundEnvironment, source: Path, target: Path) -> tuple[str, ...]:
    """Has a copy of the work tree use it; what was too much, or has no place there. Raises OSError."""
    missing: list[str] = []
    for name in (*found.linked, *found.node, *found.copied, *found.files):
        place = target / name
        if os.path.lexists(place) or not _make_parent(place, target):
            missing.append(name)
        elif name in found.node:
            _link_each(source / name, place, source, target)
        elif name in found.copied:
            if not _copy(source / name, place):
                missing.append(name)
        elif name in found.files:
            shutil.copy2(source / name, place, follow_symlinks=False)
        else:
            os.symlink(source / name, place)
    return tuple(missing)


def _make_parent(place: Path, target: Path) -> bool:
    """Whether the folder above is there now and lies in the copy, whatever links the repository has."""
    with suppress(OSError):
        if lies_in(os.path.realpath(place.parent), os.path.realpath(target)):
            place.parent.mkdir(parents=True, exist_ok=True)
            return True
    return False


def _link_each(source: Path, place: Path, top: Path, target: Path) -> None:
    make_folder(place)
    for count, entry in enumerate(os.scandir(source)):
        if count >= _MOST_LINKS:
            break
        if entry.name in _CACHES:
            continue
        if entry.name.startswith("@") and entry.is_dir(follow_symlinks=False):
            _link_each(Path(entry.path), place / entry.name, top, target)
            continue
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        inside = lies_in(real, str(top)) and _NODE not in Path(real).relative_to(top).parts
        leads = target / os.path.relpath(real, top) if inside else Path(entry.path)
        os.symlink(leads, place / entry.name)


def _copy(source: Path, place: Path) -> bool:
    size = files = 0
    for above, _, names in os.walk(source):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(above, name)).st_size
            files += 1
        if size > _MOST_COPIED_BYTES or files > _MOST_COPIED_FILES:
            return False
    shutil.copytree(source, place, symlinks=True, ignore_dangling_symlinks=True)
    return True


# --- variables ---


def proof_variables(
    environ: Mapping[str, str],
    source: Path,
    copy: Path,
    venvs: Iterable[str],
    first: Iterable[Path],
) -> dict[str, str]:
    """The person's environment for a command in the copy: without ours, with its own programs first.

    `first` are folders of the copy that Python searches first.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_OURS) and name not in _LEADING_AWAY
    }
    paths = [part for part in environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    own = [
        str(copy / os.path.relpath(part, source)) for part in paths if lies_in(part, str(source))
    ]
    searched = [*map(str, first), *own]
    if searched:
        kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(searched))
    programs = [str(copy / name / "bin") for name in venvs]
    kept["PATH"] = os.pathsep.join([*programs, environ.get("PATH", os.defpath)])
    return {**kept, **_ADDED}


# --- what leads back to the project itself ---


def folders_on_path(source: Path, prefixes: Iterable[Path], own: Iterable[str]) -> tuple[str, ...]:
    """Folders of the project, from its top, that an installed environment has Python search.

    An editable install leaves such paths. `own` are the environments in the project themselves.
    """
    found: dict[str, None] = {}
    top = os.path.realpath(source)
    inner = [os.path.join(top, name) for name in own]
    for packages in _package_folders(prefixes):
        for path in _named_paths(packages):
            real = os.path.realpath(path)
            if lies_in(real, top) and not any(lies_in(real, one) for one in inner):
                found.setdefault(os.path.relpath(real, top))
    return tuple(found)


def _package_folders(prefixes: Iterable[Path]) -> Iterator[Path]:
    for prefix in dict.fromkeys(prefixes):
        for pattern in ("lib*/python3*/site-packages", "lib*/python3*/dist-packages"):
            yield from prefix.glob(pattern)


def _named_paths(packages: Path) -> Iterator[str]:
    """Folders that `.pth` files and the finders of editable installs name."""
    names = [*packages.glob("*.pth"), *packages.glob("__editable__*.py")]
    for file in names[:_MOST_PATH_FILES]:
        text = read_small(file, _SMALL, follow=True).decode("utf-8", "replace")
        if file.suffix == ".pth":
            yield from (line.strip() for line in text.splitlines() if line.startswith("/"))
        else:
            # The finder names packages; what is searched is the folder above one.
            yield from (os.path.dirname(path) for path in _QUOTED.findall(text))


def prefixes_of(environ: Mapping[str, str], venvs: Iterable[Path]) -> list[Path]:
    """Where the interpreters that a command may use are installed."""
    found = [*venvs]
    found += [Path(environ[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if environ.get(name)]
    for name in ("python", "python3", "pytest"):
        if (program := find_program(name, environ)) is not None:
            found.append(Path(program).parent.parent)
            found += [Path(one).parent.parent for one in _interpreter(Path(program))]
    user = Path(environ.get("PYTHONUSERBASE") or os.path.join(environ.get("HOME", "/"), ".local"))
    return [*found, user, Path("/usr"), Path("/usr/local")]


def _interpreter(program: Path) -> list[str]:
    """The interpreter that the first line of a script names."""
    first = read_small(program, _SMALL, follow=True)[:300].split(b"\n", 1)[0]
    found = re.match(rb"#!\s*(/\S+)", first)
    return [os.fsdecode(found[1])] if found is not None and b"env" not in found[1] else []


def foreign_import(
    command: ProofCommand,
    folder: Path,
    holder: Throwaway,
    variables: Mapping[str, str],
    searched: Sequence[Path],
    programs: Sequence[Path],
    project: Path,
    own: Sequence[str],
) -> str:
    """A package that would be imported from the project instead of from the copy; empty for none.

    `searched` are the folders of the copy that stand for those an install put on the path, `programs` those of
    the project's own environments; `own` are these, from its top: their packages are meant to be used.
    """
    names = [name for place in searched for name in _packages(place)][:_MOST_NAMES]
    python = _python(command, folder, variables, programs)
    if not names or not python:
        return ""
    done = run_command([python, "-c", _ASK, *names], folder, holder, variables, _ASK_SECONDS)
    lines = done.output.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except (ValueError, RecursionError):
        return ""
    top = os.path.realpath(project)
    kept = [os.path.realpath(project / name) for name in own]
    for name, places in found.items() if isinstance(found, dict) else ():
        real = [os.path.realpath(place) for place in places if str(place).startswith("/")]
        if any(lies_in(one, top) and not any(lies_in(one, env) for env in kept) for one in real):
            return str(name)
    return ""


def folder_of_missing(output: str, folders: Sequence[Path]) -> Path | None:
    """The folder, of these, that has a module which an output says was not found."""
    names = {name.partition(".")[0] for name in _MISSING.findall(output)}
    for folder in folders:
        for name in names:
            if (folder / f"{name}.py").is_file() or (folder / name).is_dir():
                return folder
    return None


def _packages(place: Path) -> list[str]:
    """Names that can be imported from a folder."""
    try:
        entries = sorted(os.scandir(place), key=lambda one: one.name)
    except OSError:
        return []
    names = [
        one.name.removesuffix(".py")
        for one in entries
        if one.name.endswith(".py") or (one.is_dir() and os.path.exists(f"{one.path}/__init__.py"))
    ]
    return [name for name in names if name.isidentifier() and name not in _NO_PACKAGES]


def _python(
    command: ProofCommand, folder: Path, variables: Mapping[str, str], programs: Sequence[Path]
) -> str:
    """The interpreter that a command uses, as far as its words or its program's first line tell."""
    for word in command.words[:3]:
        path = _program(word, folder, variables, programs)
        if not path:
            continue
        if _PYTHON.fullmatch(os.path.basename(path)):
            return path
        found = _FIRST_LINE.match(read_small(path, _FIRST_BYTES, follow=True))
        if found is not None:
            return os.fsdecode(found[1])
    return _program("python3", folder, variables, programs)


def _program(
    word: str, folder: Path, variables: Mapping[str, str], programs: Sequence[Path]
) -> str:
    """Where a program is: in the project's own environment before all else; empty for nowhere."""
    if "/" in word:
        path = os.path.join(folder, word)
        return path if os.access(path, os.X_OK) else ""
    own = next((one / word for one in programs if os.access(one / word, os.X_OK)), None)
    return str(own) if own is not None else find_program(word, variables) or ""
