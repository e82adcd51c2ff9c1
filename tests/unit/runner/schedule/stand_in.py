"""Stand-ins for `systemctl`, `loginctl` and `crontab` that record what they are asked."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tui.runner.schedule.spec import Surroundings, surroundings_of

_SYSTEMCTL = """\
#!{python}
import json, os, sys, time
words, folder = sys.argv[1:], {folder!r}
with open(folder + "/calls", "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), *words]) + "\\n")
script = json.load(open(folder + "/script.json"))
for key, (code, out, err) in script.items():
    if key in " ".join(words):
        if code == "hang":
            time.sleep(60)
        sys.stdout.write(out)
        sys.stderr.write(err)
        sys.exit(code)
"""
_CRONTAB = """\
#!{python}
import os, sys
table = {folder!r} + "/crontab"
if sys.argv[1:] == ["-l"]:
    if not os.path.exists(table):
        sys.exit("no crontab for " + os.environ.get("USER", "you"))
    sys.stdout.buffer.write(open(table, "rb").read())
elif sys.argv[1:] == ["-"]:
    text = sys.stdin.buffer.read()
    if not text.endswith(b"\\n"):
        sys.exit("missing newline before EOF")
    open(table, "wb").write(text)
elif sys.argv[1:] == ["-r"]:
    os.remove(table)
else:
    sys.exit(1)
"""
_CLAUDE = """\
#!/bin/sh
[ "$1" = --version ] && echo "2.1.200 (Claude Code)"
exit 0
"""


class Machine:
    """A home, programs on a PATH, and what those were asked."""

    def __init__(self, base: Path, *programs: str) -> None:
        self.base = base
        self.bin, self.home = base / "bin", base / "home"
        for folder in (self.bin, self.home, base / "etc"):
            folder.mkdir()
        self.script({"--property=Version": (0, "Version=252.38-1\n", "")})
        self.program("claude", _CLAUDE)
        (self.bin / "git").symlink_to(shutil.which("git") or "git")
        for name in programs:
            text = _CRONTAB if name == "crontab" else _SYSTEMCTL
            self.program(name, text.format(python=sys.executable, folder=str(base / "etc")))
        self.environ = {
            "PATH": str(self.bin),  # never the systemctl of this machine
            "HOME": str(self.home),
            "USER": "ada",
            "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"],
            "ANTHROPIC_API_KEY": "",
        }

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def script(self, answers: dict[str, tuple[int | str, str, str]]) -> None:
        """What `systemctl` and `loginctl` answer to words that hold a key; nothing to all else."""
        (self.base / "etc" / "script.json").write_text(json.dumps(answers))

    def calls(self) -> list[str]:
        try:
            lines = (self.base / "etc" / "calls").read_text().splitlines()
        except OSError:
            return []
        return [" ".join(json.loads(line)) for line in lines]

    def log_in(self) -> None:
        folder = self.home / ".claude"
        folder.mkdir()
        token = {"accessToken": "x", "refreshToken": "y", "expiresAt": 4102444800000}
        (folder / ".credentials.json").write_text(json.dumps({"claudeAiOauth": token}))

    @property
    def crontab(self) -> Path:
        return self.base / "etc" / "crontab"

    @property
    def units(self) -> Path:
        return self.home / ".config" / "systemd" / "user"

    def around(self, project: Path) -> Surroundings:
        return surroundings_of(project, self.environ)
