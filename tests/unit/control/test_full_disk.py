"""A checkpoint on a full disk fails, says that the disk is full, and leaves the repository alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
MOUNTS = ["unshare", "-rm", "sh", "-c"]
CODE = """
import os, subprocess, sys
from pathlib import Path
from tui.control.checkpoints.capture import take_checkpoint
from tui.system.errors import OvernightError
from tui.system.git import Git
project = Path(sys.argv[1])
git = Git(project)
for name in ("index", "HEAD"):
    (Path.home() / name).write_bytes((project / ".git" / name).read_bytes())
if sys.argv[2] == "full":
    with open(sys.argv[3] + "/filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass
try:
    take_checkpoint(project, label="x")
    print("taken")
except OvernightError as error:
    print(error)
for name in ("index", "HEAD"):
    assert (Path.home() / name).read_bytes() == (project / ".git" / name).read_bytes()
"""


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    words = [*MOUNTS, "mount -t tmpfs -o size=1m none /mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="no file system can be mounted here")
@pytest.mark.parametrize("full", ["repository", "state"])
@pytest.mark.parametrize("fill", ["full", "nearly full"])
def test_it_says_that_the_disk_is_full(tmp_path: Path, full: str, fill: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    project = (disk if full == "repository" else tmp_path) / "project"
    state = disk if full == "state" else tmp_path / "state"
    script = f"""
mount -t tmpfs -o size=2m,nr_inodes=2000 none {disk} && mkdir -p {project} && cd {project} &&
git init -q && echo a > a.txt && git add a.txt &&
git -c user.name=a -c user.email=a@b commit -qm one &&
head -c 900000 /dev/urandom > new.bin &&
exec {sys.executable} -c "$CODE" {project} '{fill}' {disk}
"""
    if fill == "nearly full":
        script = script.replace("900000", "1500000")
    done = subprocess.run(
        [*MOUNTS, script],
        env={
            "CODE": CODE,
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(state),
            "PYTHONPATH": str(REPOSITORY),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stdout, done.stdout
    assert "no reason" not in done.stdout
