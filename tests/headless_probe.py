"""Imports modules in a process that has none of ours, and prints what of the screen each loads.

Run as a program with the names of modules; prints one JSON object, module -> screen libraries, or
the error of its import.
Modules are imported in a forked child first, and in this process only if they loaded no screen: so
the process stays without one, and every module that loads a screen is named, not just the first.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
from importlib import import_module
from typing import Any

SCREEN = ("textual", "rich", "widgets")
_import = builtins.__import__


def _import_unless_half_loaded(name: str, *rest: Any) -> Any:
    """An import that refuses a module whose own import is still under way.

    Without such a cycle the order does not matter: what can be imported after the others can be
    imported first as well.
    """
    found = _import(name, *rest)
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if name.startswith(("tui", "widgets")) and getattr(spec, "_initializing", False):
        raise ImportError(f"a cycle of imports goes through {name}")
    return found


def _loaded_here(modules: list[str]) -> list[str]:
    try:
        for module in modules:
            import_module(module)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return sorted(name for name in sys.modules if name.split(".")[0] in SCREEN)


def _loaded_in_child(modules: list[str]) -> list[str]:
    ours, childs = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(childs, json.dumps(_loaded_here(modules)).encode())
        os._exit(0)
    os.close(childs)
    with open(ours, "rb") as told:
        answer: list[str] = json.load(told)
    os.waitpid(child, 0)
    return answer


def screens_loaded(modules: list[str]) -> dict[str, list[str]]:
    """What of the screen each module loads that loads any; halves the list until one is left."""
    found = _loaded_in_child(modules)
    if not found:
        _loaded_here(modules)
        return {}
    if len(modules) == 1:
        return {modules[0]: found}
    half = len(modules) // 2
    return screens_loaded(modules[:half]) | screens_loaded(modules[half:])


if __name__ == "__main__":
    setattr(builtins, "__import__", _import_unless_half_loaded)  # noqa: B010
    sys.stdout.write(json.dumps(screens_loaded(sys.argv[1:])))
