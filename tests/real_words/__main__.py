"""Runs scenes with the real CLI and writes what was said meanwhile.

export OVERNIGHT_TEST_CLAUDE=…/claude OVERNIGHT_SHARED=…/shared
python -m tests.real_words [--out FILE] [part of a name …]
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.real_words.report import report, wrong_words
from tests.real_words.scenarios import SCENARIOS
from tests.real_words.scene import RealScene
from tests.shared_data import shared


def main() -> int:
    """0 when no word was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.real_words")
    parser.add_argument("names", nargs="*", help="only scenes with one of these in their name")
    parser.add_argument("--out", type=Path, help="where the sequences are written")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the folders of the scenes")
    given = parser.parse_args()
    chosen = [name for name in SCENARIOS if not given.names or any(n in name for n in given.names)]
    base = Path(tempfile.mkdtemp(prefix="real-words-"))
    with ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda name: play(name, base, given.keep), chosen))
    text = "\n".join(told for told, _ in results)
    if given.out is not None:
        given.out.write_text(text)
    sys.stdout.write(text)
    return int(any(wrong for _, wrong in results))


def play(name: str, base: Path, keep: bool = False) -> tuple[str, bool]:
    """One scene; its report, and whether anything was wrong."""
    folder = base / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    scene = RealScene(folder, os.environ["OVERNIGHT_TEST_CLAUDE"], shared("tools/fake_api.py"))
    fault = ""
    try:
        SCENARIOS[name](scene)
    except Exception:
        fault = traceback.format_exc(limit=-3)
    finally:
        scene.close()
    told = report(name, SCENARIOS[name].__doc__ or "", scene, fault)
    sys.stderr.write(f"{name}: {len(wrong_words(scene))} wrong{' FAULT' if fault else ''}\n")
    if not keep:
        scene.remove()
    return told, bool(fault or wrong_words(scene))


if __name__ == "__main__":
    sys.exit(main())
