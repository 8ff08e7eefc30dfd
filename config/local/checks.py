"""What this machine must offer before anything is started; each lack is one sentence."""

import errno
import os
import shutil
import socket
from collections.abc import Mapping

from config.local.errors import LocalError
from config.local.home import Home

HOST = "127.0.0.1"
SPACE_NEEDED_MB = 300


def port_from(environment: Mapping[str, str]) -> int:
    """Return the port that PORT names, 8000 without it. Raises LocalError."""
    named = environment.get("PORT", "").strip() or "8000"
    if not (named.isascii() and named.isdigit() and 0 < int(named) < 65536):
        raise LocalError(f"PORT must be a number from 1 to 65535, not {named!r}.")
    return int(named)


def check_port(port: int) -> None:
    """Return if the port can be listened on. Raises LocalError."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
        try:
            listener.bind((HOST, port))
            listener.listen(1)
        except OSError as error:
            reason = (
                "is taken by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used ({os.strerror(error.errno or 0)})"
            )
            raise LocalError(
                f"Port {port} {reason}: choose another, as in PORT={port + 1} make run."
            ) from error


def check_space(home: Home) -> None:
    """Return if the home's disk has room. Raises LocalError."""
    free_mb = shutil.disk_usage(home.root).free // 1_000_000
    if free_mb < SPACE_NEEDED_MB:
        raise LocalError(
            f"{home.root} has {free_mb} MB of free space and needs {SPACE_NEEDED_MB} MB: make room,"
            " or set COUNTERSIGN_HOME to a larger disk."
        )
