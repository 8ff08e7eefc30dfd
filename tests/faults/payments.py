"""A payment service on loopback that ends the worker which asks it, at the moment it is told to."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.peers import HttpPeer, Received, Reply, http_server

# Where in a payment the worker dies: while it looks up, so before the call was meant; with the call
# on its way and not carried out; carried out and not answered; answered and not yet written down.
Moment = Literal["before", "under-way", "after-call", "before-commit"]
MOMENTS: tuple[Moment, ...] = ("before", "under-way", "after-call", "before-commit")


@dataclass
class Payments:
    """The service. fatal: orders whose worker dies, once each, and when. made: how often each order
    was paid; asked: how often the paying of it was asked for. killed_at: by order."""

    peer: HttpPeer | None = None
    fatal: dict[str, Moment] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    killed_at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        assert self.peer
        return self.peer.url

    def answer(self, request: Received) -> Reply:
        """Answer, or kill whoever asks."""
        order, tool = str(request.json["arguments"]["order"]), request.path.strip("/")
        moment = self._moment(order, tool)
        if tool == "look_up":
            if moment == "before":
                self._kill(order, request.connection)
            return Reply(body={"status": "due"})
        with self.lock:
            self.asked[order] += 1
        if moment == "under-way":
            self._kill(order, request.connection)
            return Reply(resets=True)
        self._pay(order, request.headers["idempotency-key"] if tool == "pay" else "")
        if moment == "after-call":
            self._kill(order, request.connection)
        if moment == "before-commit":
            pid = process_of(request.connection)
            threading.Thread(target=self._kill_process, args=[order, pid]).start()
        return Reply(body={"paid": order})

    def _moment(self, order: str, tool: str) -> Moment | None:
        with self.lock:
            moment = self.fatal.get(order)
            if moment is None or (moment == "before") != (tool == "look_up"):
                return None
            return self.fatal.pop(order)

    def _pay(self, order: str, key: str) -> None:
        with self.lock:
            if key and key in self.keys:
                return
            self.keys.add(key or f"{order} {self.asked[order]}")
            self.made[order] += 1

    def _kill(self, order: str, connection: int) -> None:
        self._kill_process(order, process_of(connection))

    def _kill_process(self, order: str, pid: int | None) -> None:
        self.killed_at[order] = time.time()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def payment_service() -> Iterator[Payments]:
    """Yield the running service."""
    payments = Payments()
    with http_server(payments.answer) as peer:
        payments.peer = peer
        yield payments


def process_of(port: int) -> int | None:
    """Return the id of the process that has a connection from this port, None if it is gone."""
    inode = _inode(port)
    if inode is None:
        return None
    for folder in Path("/proc").glob("[0-9]*/fd"):
        if folder.parent.name == str(os.getpid()):
            continue
        with suppress(OSError):
            for file in folder.iterdir():
                with suppress(OSError):
                    if str(file.readlink()) == f"socket:[{inode}]":
                        return int(folder.parent.name)
    return None


def _inode(port: int) -> str | None:
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted:
            return fields[9]
    return None
