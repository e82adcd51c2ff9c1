"""Which words of a command name files, and what the command does with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tui.control.protect.expansion import SET, STAR, TO_MARKS, plain
from tui.control.protect.paths import Use
from tui.system.lazy_pattern import lazy

PathUse = tuple[str, Use]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ONLY_NAMES: Final = _set(
    "echo printf cd pushd popd chdir test [ [[ ls exa eza stat basename dirname realpath readlink which type"
    " hash kill pkill sleep expr seq true false : export declare local typeset readonly unset read set shopt"
    " alias man help info du df tree pwd wait exit return break continue trap umask ulimit let yes date uname"
    " id whoami command if then fi case esac done in select"
)
"""They look at no content: a file's name, its being there, its size."""
_PATTERN_FIRST: Final = _set("grep egrep fgrep zgrep rg ag ack sed gsed awk gawk mawk nawk jq yq")
_PATTERN_OPTIONS: Final = _set("-e -f --regexp --expression --file")
_REMOVING: Final = _set("rm rmdir unlink shred trash trash-put srm wipe")
_COPYING: Final = _set("cp mv install rsync scp ln gcp gmv ditto")
_WRITING: Final = _set(
    "tee touch truncate chmod chown chgrp chattr setfacl mkdir mkfifo mknod patch dd sponge ed ex vi vim nvim"
    " nano emacs fallocate wget sqlite3 gzip gunzip bzip2 xz zstd"
)
_NO_PATH: Final = lazy(
    r"--?(?:exclude[\w-]*|(?:ignore|skip)(?:-(?:pattern|path|dir|file|glob|name)s?)?|omit|without|iglob)\Z"
)
_NO_PATH_OF: Final[Mapping[str, Sequence[str]]] = {
    "diff": ("-x",),
    "zip": ("-x",),
    "fd": ("-E",),
    "fdfind": ("-E",),
    "rsync": ("-f",),
    "git": ("-m", "--message", "--author", "--date", "-S", "-G", "--grep", "--format", "--pretty"),
    "docker": ("-t", "--tag", "--name", "-w", "--workdir", "-p"),
    "gh": ("-t", "--title", "-b", "--body", "-m", "-l", "--label", "-q", "--jq"),
    "pytest": ("-k", "-m", "-p"),
    "grep": ("-e", "--regexp", "-m", "-A", "-B", "-C"),
    "rg": ("-e", "--regexp", "-m", "-A", "-B", "-C", "-t", "-T", "-r"),
    "sed": ("-e", "--expression"),
    "curl": ("-H", "--header", "-X", "-A", "-w", "-e"),
    "jq": ("--arg", "--argjson"),
}
"""Options whose next word names no file."""
_GIT_TAKING: Final = _set("-C -c --git-dir --work-tree --namespace --exec-path --config-env")
_GIT_FREE: Final = _set(
    "status check-ignore check-attr ls-files ls-tree config branch tag remote push fetch pull clone init"
    " rev-parse rev-list describe reflog gc fsck worktree submodule help version switch merge rebase"
    " cherry-pick revert shortlog bisect symbolic-ref for-each-ref update-ref merge-base"
)
_GIT_WRITES: Final = _set("checkout restore reset stash apply am update-index sparse-checkout")
_GIT_REMOVES: Final = _set("rm mv clean")
_FIND_PATTERNS: Final = _set(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -mtime -mmin -size"
    " -perm -maxdepth -mindepth -user -group -printf -newermt -links -inum -regextype"
)
_NAMING: Final = _set("-name -iname -path -ipath -wholename -iwholename")
# All hidden names but `.git`, which `git clean` never takes.
_HIDDEN: Final = (
    f".{SET}!g]{STAR}",
    f".g{SET}!i]{STAR}",
    f".gi{SET}!t]{STAR}",
    f".git{SET}!/]{STAR}",
)
_SEPARATORS: Final = lazy(r"[=:,@]")
_MOST_WORDS: Final = 1_500
_MOST_PIECES: Final = 12


def paths_of(name: str, args: Sequence[str]) -> Iterator[PathUse]:
    """The fields that may name files, with their use; several for a word that joins some."""
    args = args[:_MOST_WORDS]
    if name in _ONLY_NAMES:
        return
    if name == "git":
        yield from _of_git(args)
    elif name in ("find", "fd", "fdfind"):
        yield from _of_find(name, args)
    elif name in _REMOVING:
        yield from ((word, Use.REMOVE) for word in _positional(name, args))
    elif name in _COPYING:
        yield from _of_copy(name, args)
    elif name in _PATTERN_FIRST:
        yield from _of_pattern(name, args)
    elif name == "perl":
        changes = any(word[:1] == "-" and "i" in word for word in args)
        yield from _joined(_positional(name, args), Use.WRITE if changes else Use.READ)
    else:
        use = Use.WRITE if name in _WRITING else Use.READ
        yield from _joined(_given(name, args), use)


def pieces(word: str) -> Iterator[str]:
    """A word, and what stands in it behind a sign that joins: `--env-file=.env`, `@.env`, `HEAD:.env`."""
    word = word.removeprefix("file://")
    if "://" in word:
        return
    is_option = word[:1] == "-"
    if not is_option:
        yield word
    elif word[:2] != "--" and len(word) > 2:
        yield word[2:]
    parts = _SEPARATORS.split(word, _MOST_PIECES)
    if len(parts) > 1:
        yield from filter(None, parts[1:] if is_option else parts)
    if "=" in word:
        yield word.partition("=")[2]


def _joined(words: Iterator[str] | Sequence[str], use: Use) -> Iterator[PathUse]:
    for word in words:
        for piece in pieces(word):
            yield piece, use


def _given(name: str, args: Sequence[str]) -> Iterator[str]:
    """The words without options whose values name no file."""
    skips = _NO_PATH_OF.get(name, ())
    at = 0
    while at < len(args):
        word = plain(args[at])
        option = word.partition("=")[0] if word[:1] == "-" else ""
        if option and (_NO_PATH.match(option) or option in skips):
            at += 1 if "=" in word else 2
            continue
        yield args[at]
        at += 1


def _positional(name: str, args: Sequence[str]) -> list[str]:
    found: list[str] = []
    is_over = False
    for word in _given(name, args):
        if word == "--" and not is_over:
            is_over = True
        elif is_over or word[:1] != "-" or word == "-":
            found.append(word)
    return found


def _of_copy(name: str, args: Sequence[str]) -> Iterator[PathUse]:
    words = _positional(name, args)
    target = ""
    for word, after in zip(args, (*args[1:], ""), strict=True):
        if word in ("-t", "--target-directory"):
            target = after
        elif word.startswith("--target-directory="):
            target = word.partition("=")[2]
    sources = [word for word in words if word != target] if target else words[:-1]
    yield from _joined(sources, Use.REMOVE if name in ("mv", "gmv") else Use.READ)
    if name == "ln" and len(words) == 1:
        yield words[0], Use.WRITE
    for word in [target] if target else words[-1:]:
        yield from _joined([word], Use.WRITE)
        for source in sources:  # into a folder
            last = source.rstrip("/").rpartition("/")[2]
            yield f"{word.rstrip('/') or '/'}/{last}", Use.WRITE


def _of_pattern(name: str, args: Sequence[str]) -> Iterator[PathUse]:
    """`grep PATTERN FILE`, `sed SCRIPT FILE`: the first word is no file unless an option gives the pattern."""
    options = [plain(word) for word in args if word[:1] == "-"]
    is_given = any(option.partition("=")[0] in _PATTERN_OPTIONS for option in options)
    changes = name in ("sed", "gsed") and any(
        option.startswith("--in-place") or (option[:2] != "--" and "i" in option)
        for option in options
    )
    words = list(_given(name, args))
    if not is_given:
        first = next((at for at, word in enumerate(words) if word[:1] != "-"), len(words))
        del words[first : first + 1]
    yield from _joined(words, Use.WRITE if changes else Use.READ)


def _of_find(name: str, args: Sequence[str]) -> Iterator[PathUse]:
    """Where `find` begins, and what it looks for where it does something with it."""
    is_acting = any(word in ("-exec", "-delete", "-fprint", "-fls") for word in args)
    use = Use.REMOVE if "-delete" in args else Use.READ
    if name == "find":
        starts, names = _find_words(args)
    else:
        words = _positional(name, args)
        starts, names = words[1:], words[:1]
    for start in starts or ["."]:
        yield start, Use.READ if names else use
        for one in names if is_acting else ():
            below = start.rstrip("/") or "/"
            marked = one.translate(TO_MARKS)
            yield (marked if "/" in one else f"{below}/{STAR}{STAR}/{marked}"), use


def found_by(name: str, args: Sequence[str]) -> str:
    """What `find` prints, as far as its words say which names: patterns of paths, ready to be expanded."""
    if name != "find":
        return ""
    starts, names = _find_words(args)
    paths = (
        f"{start.rstrip('/')}/{STAR}{STAR}/{one.translate(TO_MARKS)}"
        for start in starts or ["."]
        for one in names
        if "/" not in one
    )
    return "\n".join(paths)


def _find_words(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """The folders where it begins with what else is no option, and the names that it looks for."""
    starts: list[str] = []
    names: list[str] = []
    rest = iter(args)
    for word in rest:
        if plain(word) in _FIND_PATTERNS:
            value = next(rest, "")
            if plain(word) in _NAMING:
                names.append(value)
        elif word[:1] not in ("-", "(", ")", "!", ""):
            starts.append(word)
    return starts, names


# complexity: one condition for each kind of command of git
def _of_git(args: Sequence[str]) -> Iterator[PathUse]:
    at = 0
    while at < len(args) and args[at][:1] == "-":
        at += 2 if plain(args[at]) in _GIT_TAKING else 1
    if at >= len(args):
        return
    verb, rest = plain(args[at]), args[at + 1 :]
    flags = [plain(word) for word in rest if word[:1] == "-"]
    if verb in _GIT_FREE or (verb == "rm" and "--cached" in flags):
        return
    if verb == "log" and not any(
        one in ("-p", "-u", "--patch") or one[:2] in ("-L", "-S", "-G") for one in flags
    ):
        return
    use = Use.REMOVE if verb in _GIT_REMOVES else Use.READ
    use = Use.WRITE if verb in _GIT_WRITES else use
    words = list(_given("git", rest))
    letters = "".join(one for one in flags if one[:2] != "--")
    if verb == "clean" and not _positional("git", rest) and {"f", "x"} <= set(letters.lower()):
        words = [STAR, *_HIDDEN]  # what is ignored goes too
    yield from _joined(words, use)
