"""How gunicorn serves the console: `python -m gunicorn --config python:config.web`.

The application is loaded once and forked, so that a second process costs a few tens of megabytes
instead of all of it again. Each process is uvicorn; gunicorn starts another in place of one that
dies, or that answers nothing for `timeout` seconds.
"""

import gc
import importlib
import os
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker

from config import env
from config.local.parent_death import die_with_parent


class Worker(UvicornWorker):  # type: ignore[misc]  # it has no types
    """uvicorn as one of gunicorn's processes."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "server_header": False,
        # Believed only behind a proxy: without one, whoever asks could write it himself.
        "proxy_headers": env.boolean("WEB_BEHIND_PROXY", default=False),
        "timeout_graceful_shutdown": 10,  # without it an open socket holds the end up
        "ws_max_size": 1_048_576,
    }


wsgi_app = "config.asgi:application"
worker_class = Worker
workers = env.integer("WEB_WORKERS", 2, least=1)
bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
preload_app = True
timeout = 60
keepalive = 5  # seconds; gunicorn's own 2 make a person at work connect again and again
graceful_timeout = 15
control_socket_disable = True
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Load what the first request would, and keep shared what is loaded: called before forking."""
    importlib.import_module("config.urls")
    gc.collect()
    gc.freeze()  # what is never collected is never written to


def post_fork(server: Any, worker: Any) -> None:
    """Let a process end with the one that started it."""
    die_with_parent()
