"""What of this machine a night needs: memory, disk, the right time, a way to the API, no sleep."""

from __future__ import annotations

import email.utils
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from tui.runner.agent.launch import SleepInhibitor
from tui.runner.agent.logins import is_on
from tui.runner.doctor.checks import Finding, Surroundings, fail, ok, warn
from tui.runner.preflight import MIN_FREE_BYTES
from tui.system import paths
from tui.system.format import format_duration, format_size_binary
from tui.system.processes import control_group

_GIB = 1 << 30
LEAST_MEMORY = _GIB // 2
LITTLE_MEMORY = 3 * _GIB // 2
_LITTLE_FREE = 5 << 30
_LITTLE_ELSEWHERE = 1 << 30
_FEW_FILES = 10_000
LITTLE_SKEW = 60.0
_MUCH_SKEW = 300.0
_REACH_SECONDS = 6.0
_API = "https://api.anthropic.com"
_CLOUD_SWITCHES = (
    "BEDROCK",
    "VERTEX",
    "FOUNDRY",
    "MANTLE",
    "ANTHROPIC_AWS",
    "ANTHROPIC_GOOGLE_CLOUD",
)
_INHIBITOR_SECONDS = 1.0


class Reached(Struct, frozen=True):
    """Whether the API's host answered, however; `skew` is its clock less ours, in seconds."""

    host: str
    answered: bool
    skew: float | None = None
    why: str = ""
    proxy: str = ""


# --- memory ---


def available_memory(
    groups: Path = Path("/sys/fs/cgroup"), own: str | None = None, machine: int | None = None
) -> int:
    """Bytes that programs can still get, by the machine and by this process's control group."""
    import psutil

    found = [psutil.virtual_memory().available if machine is None else machine]
    folder = groups / (control_group(os.getpid()) if own is None else own).lstrip("/")
    for place in (folder, *folder.parents):
        if not place.is_relative_to(groups):
            break
        with suppress(OSError, ValueError):
            most = (place / "memory.max").read_text("ascii").strip()
            if most != "max":
                used = int((place / "memory.current").read_text("ascii"))
                found.append(max(0, int(most) - used))
    return min(found)


def memory_finding(free: int) -> Finding:
    """Whether that is enough for an agent and its tests."""
    text = f"{format_size_binary(free)} are free"
    if free < LEAST_MEMORY:
        return fail(text, "the agent and its tests need more; end other programs")
    if free < LITTLE_MEMORY:
        return warn(text, "the agent and its tests may need more; end other programs")
    return ok(text)


# --- disks ---


def disk_finding(place: Surroundings) -> Finding:
    """The disk of the project, and others that the night writes to where they are worse."""
    found = [_room(place.project, "")]
    others = (paths.state_dir(place.environ), Path(place.environ.get("TMPDIR") or "/tmp"))
    for path in others:
        there = next((one for one in (path, *path.parents) if one.exists()), path)
        if there.exists() and there.stat().st_dev != place.project.stat().st_dev:
            found.append(_room(there, f" on the disk of {there}"))
    return max(found, key=lambda one: ("ok", "warn", "fail").index(one[0]))


def _room(path: Path, where: str) -> Finding:
    facts = os.statvfs(path)
    if facts.f_flag & os.ST_RDONLY:
        return fail(f"read-only{where or f': {path}'}", "mount it so that it can be written")
    free = shutil.disk_usage(path).free
    text, least = f"{format_size_binary(free)} free{where}", MIN_FREE_BYTES
    if free < least:
        return fail(text, f"make room for at least {format_size_binary(least)}")
    if facts.f_files and facts.f_favail < _FEW_FILES:
        return fail(
            f"only {facts.f_favail:,} more files fit{where}", "remove files that nobody needs"
        )
    if free < (_LITTLE_ELSEWHERE if where else _LITTLE_FREE):
        return warn(text, "a long night with builds may need more")
    return ok(text)


# --- network and clock ---


def api_address(variables: Mapping[str, str]) -> str:
    """Where the agent would call its model; empty for the clouds, whose address is not known here."""
    given = variables.get("ANTHROPIC_BASE_URL", "").strip()
    if given:
        return given
    switches = (variables.get(f"CLAUDE_CODE_USE_{name}", "") for name in _CLOUD_SWITCHES)
    return "" if any(map(is_on, switches)) else _API


def reach(
    address: str, variables: Mapping[str, str], wall: Callable[[], float] = time.time
) -> Reached:
    """Asks that host for nothing but an answer, through the proxies of the agent's environment."""
    import http.client
    import urllib.error
    import urllib.request

    proxy, host = "", address
    try:
        parts = urlsplit(address)
        host = parts.hostname or address
        if parts.scheme not in ("http", "https"):
            return Reached(host, False, None, "it is no web address")
        proxy = "" if _bypasses(host, variables) else _proxy(parts.scheme, variables)
        used = {parts.scheme: proxy} if proxy else {}
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(used))
        request = urllib.request.Request(address, method="HEAD")
        with opener.open(request, timeout=_REACH_SECONDS) as answer:
            return Reached(host, True, _skew(answer.headers.get("Date"), wall()))
    except urllib.error.HTTPError as error:
        with error:
            # A proxy that wants a login, or knows no way, answers in the host's place.
            is_proxys = bool(proxy) and error.code in (407, 502, 503, 504)
            why = f"HTTP {error.code}" if is_proxys else ""
            return Reached(
                host, not is_proxys, _skew(error.headers.get("Date"), wall()), why, proxy
            )
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return Reached(host, False, None, words, proxy)


def _proxy(scheme: str, variables: Mapping[str, str]) -> str:
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    return next(filter(None, (variables.get(name, "").strip() for name in names)), "")


def _bypasses(host: str, variables: Mapping[str, str]) -> bool:
    listed = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    ends = (part.strip().lstrip("*").lstrip(".") for part in listed.split(","))
    return listed.strip() == "*" or any(
        host == end or host.endswith(f".{end}") for end in ends if end
    )


def _skew(date: str | None, now: float) -> float | None:
    with suppress(TypeError, ValueError, OverflowError):
        return email.utils.parsedate_to_datetime(date or "").timestamp() - now
    return None


def network_finding(reached: Reached | None, has_model: bool) -> Finding | None:
    """How the way to the API is; what a model answered through counts, whatever our own try met."""
    if reached is None:
        return None
    if reached.answered:
        return ok(f"{reached.host} answers")
    if has_model:
        return ok(f"a model answered, though {reached.host} itself could not be asked")
    if reached.proxy:
        host = urlsplit(reached.proxy).hostname or "a proxy"
        text = f"{reached.host} cannot be reached through the proxy {host}: {reached.why}"
        return fail(text, "see to https_proxy and no_proxy of this shell")
    return fail(f"{reached.host} cannot be reached: {reached.why}", "see to this machine's network")


def clock_finding(skew: float | None, newest: float | None, now: float) -> Finding | None:
    """Whether this machine's clock is right, by the API's and by the newest commit's time."""
    if skew is not None and abs(skew) >= LITTLE_SKEW:
        side = "behind" if skew > 0 else "ahead of"
        text = f"this machine's clock is {format_duration(abs(skew))} {side} the API's"
        advice = "set it; switch on its synchronisation (timedatectl set-ntp true)"
        return fail(text, advice) if abs(skew) >= _MUCH_SKEW else warn(text, advice)
    if newest is not None and newest - now >= _MUCH_SKEW:
        text = f"the newest commit was made {format_duration(newest - now)} from now"
        return warn(text, "set this machine's clock; resets of limits are told by it")
    return ok("right, by the API's clock") if skew is not None else None


# --- sleep ---


def awake_finding(wanted: bool) -> Finding | None:
    """Whether the lock that keeps the machine awake can be had; None where none is wanted or possible."""
    if not wanted:
        return None
    inhibitor = SleepInhibitor()
    try:
        if not inhibitor.acquire():
            return None  # the doctor says so by itself
        until = time.monotonic() + _INHIBITOR_SECONDS
        while time.monotonic() < until:
            if not inhibitor.holds:
                text = "the lock that keeps this machine awake was refused"
                return warn(
                    text, "switch off its sleep, or start from a session that may inhibit it"
                )
            time.sleep(0.02)
        return ok("the lock that keeps this machine awake is given")
    finally:
        inhibitor.close()
