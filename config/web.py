"""`python -m config.web`: the console on one port, by several processes that share what they load.

The application is loaded once and forked, so that a second process costs a few tens of megabytes
instead of all of it again. All of them accept from the same socket.
"""

import argparse
import gc
import os
import signal
import socket
import sys
import time
from importlib import import_module

import uvicorn

from config import env
from config.local.parent_death import die_with_parent

WORKERS = 2
ENDINGS = {signal.SIGTERM, signal.SIGINT}
STEADY_AFTER_S = 3.0  # a process that ends sooner than this would end again


def main() -> int:
    """Return the exit status: 0 after a stop that was asked for, 1 when processes keep ending."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--proxy", action="store_true", help="believe a proxy's X-Forwarded-For")
    asked = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS | {signal.SIGCHLD})
    listener = _listen(asked.host, asked.port)
    server = _loaded(believe_proxy=asked.proxy)
    count = env.integer("WEB_WORKERS", WORKERS, least=1)
    started = {_fork(server, listener): time.monotonic() for _ in range(count)}
    return _watch(server, listener, started)


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket on the address, as uvicorn would make one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP: asyncio sends small packets without delay on no other, and an answer's head
    # and body would be 40 ms apart.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def _loaded(*, believe_proxy: bool) -> uvicorn.Config:
    """Return the server with the whole application in memory, ready to be forked."""
    application = import_module("config.asgi").application
    import_module("config.urls")  # the pages, which the first request would load
    server = uvicorn.Config(
        application,
        access_log=False,
        server_header=False,
        proxy_headers=believe_proxy,
        timeout_graceful_shutdown=10,  # without it an open socket holds the end up
        ws_max_size=1_048_576,
    )
    gc.collect()
    gc.freeze()  # what is never collected is never written to, and so stays shared
    return server


def _fork(server: uvicorn.Config, listener: socket.socket) -> int:
    """Return the id of a process that serves."""
    child = os.fork()
    if child:
        return child
    die_with_parent()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS | {signal.SIGCHLD})
    uvicorn.Server(server).run(sockets=[listener])
    os._exit(0)


def _watch(server: uvicorn.Config, listener: socket.socket, started: dict[int, float]) -> int:
    """Return once all have ended; until somebody asks for it, one that ended is started again."""
    is_ending, status = False, 0
    while started:
        taken = signal.sigwait(ENDINGS | {signal.SIGCHLD})
        if taken != signal.SIGCHLD:
            is_ending = True
            _tell(started)
        while started and (ended := os.waitpid(-1, os.WNOHANG)[0]):
            age_s = time.monotonic() - started.pop(ended)
            if not is_ending and age_s > STEADY_AFTER_S:
                started[_fork(server, listener)] = time.monotonic()
            elif not is_ending:
                is_ending, status = True, 1
                _tell(started)
    return status


def _tell(children: dict[int, float]) -> None:
    for child in children:
        os.kill(child, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
