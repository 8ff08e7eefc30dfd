"""The embedded PostgreSQL and Redis of one home, for whoever needs both running."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from config.local import postgres, redis
from config.local.errors import LocalError
from config.local.home import Home, make_private
from config.local.processes import Roster
from config.local.programs import Child, Pause, end_leftovers

START_PATIENCE_S = 180.0  # PostgreSQL may have to recover from a crash first


@contextmanager
def running_servers(home: Home, *, durable: bool = True) -> Iterator[None]:
    """Yield with both servers of this home answering; they end with the block, or with us.

    durable=False trades safety from a machine's crash for speed. Raises LocalError, also when
    another process runs this home.
    """
    with lock(home), ExitStack() as stack:
        roster = roster_of(home)
        end_leftovers(roster)
        children = [
            Child(postgres.program(home, durable=durable), roster),
            Child(redis.program(home), roster),
        ]
        for child in children:
            stack.callback(child.stop)
        start(home, children)
        yield


def start(
    home: Home,
    children: list[Child],
    pause: Pause = time.sleep,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Return when every server answers and PostgreSQL has its roles. say: hears of each."""
    began = time.monotonic()
    for child in children:
        child.start()
    for child in children:
        _await_ready(child, pause, say)
        if child.program.name == "PostgreSQL":
            postgres.make_roles_and_database(home)
        say(f"{child.program.name} is up ({time.monotonic() - began:.1f} s)")


def _await_ready(child: Child, pause: Pause, say: Callable[[str], None]) -> None:
    try:
        child.await_ready(START_PATIENCE_S, pause)
    except LocalError:
        repaired = child.program.repair()
        if repaired is None:
            raise
        say(repaired)
        child.start()
        child.await_ready(START_PATIENCE_S, pause)


def roster_of(home: Home) -> Roster:
    """Return the roster of what was started for this home."""
    return Roster(home.root / "processes.json")


@contextmanager
def lock(home: Home, url: str = "") -> Iterator[None]:
    """Yield as the one process that runs this home. Raises LocalError naming the other one."""
    make_private(home.root)
    make_private(home.logs)
    try:
        handle = os.open(home.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LocalError(
            f"The folder {home.root} is not writable ({error.strerror}): set COUNTERSIGN_HOME to"
            " one that is."
        ) from error
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalError(_already_running(home, file.read())) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "url": url}, file)
        file.flush()
        try:
            yield
        finally:
            _leave_runtime(home)


def _leave_runtime(home: Home) -> None:
    """Return with the runtime folder gone, unless a socket is still in it."""
    for folder in (home.postgres_sockets, home.runtime):
        with suppress(OSError):
            folder.rmdir()


def _already_running(home: Home, told: str) -> str:
    try:
        holder = json.loads(told)
        place = f" at {holder['url']}" if holder["url"] else ""
        return f"Countersign is already running{place} (pid {holder['pid']}) with {home.root}."
    except (ValueError, KeyError):
        return f"Countersign is already starting with {home.root}."
