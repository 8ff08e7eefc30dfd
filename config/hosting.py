"""A WSGI application hosted by an ASGI server, in a pool of threads.

A request changes threads twice: there with its whole body, and back with its whole answer. The
event loop does the waiting, so a client that sends or reads slowly holds no thread. Adapters that
hand over piece by piece change threads eight times a request, which a busy machine feels
(docs/decisions).
"""

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

KEPT_IN_MEMORY = 1024 * 1024  # bytes of a body; a longer one waits in a temporary file
UNPREFIXED = {"CONTENT_LENGTH", "CONTENT_TYPE"}


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""


class InThreads:
    """The WSGI application as an ASGI one (PEP 3333, ASGI 3.0).

    largest_body: bytes. Of a body that says it is longer the application is told the length alone;
    one that does not say is refused when it grows longer.
    """

    def __init__(self, application: WSGIApplication, *, threads: int, largest_body: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._largest_body = largest_body

    async def __call__(
        self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Answer a request; one whose client leaves before its end is dropped."""
        with SpooledTemporaryFile(KEPT_IN_MEMORY) as body:
            request = _environ(scope, body)
            answer: _Answer | None = None
            if int(request.get("CONTENT_LENGTH") or 0) <= self._largest_body:
                try:
                    await self._read(receive, body)
                except ConnectionError:
                    return
                except ValueError:
                    answer = _Answer(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                request["CONTENT_LENGTH"] = str(body.tell())
                body.seek(0)
            if answer is None:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self._pool, self._answer, request)
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": answer.headers,
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    async def _read(self, receive: ASGIReceiveCallable, body: IO[bytes]) -> None:
        """Write what the client sends. Raises ConnectionError when it leaves, ValueError when the
        body is too long."""
        more = True
        while more:
            event = await receive()
            if event["type"] != "http.request":
                raise ConnectionError
            body.write(event["body"])
            more = event["more_body"]
            if body.tell() > self._largest_body:
                raise ValueError

    def _answer(self, environ: WSGIEnvironment) -> _Answer:
        """Return what the application answers."""
        head: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Any:
            head[:] = [status, headers]
            return None

        parts = self._application(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, headers = head
        return _Answer(
            status=int(status.split(" ", 1)[0]),
            headers=[
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
            body=body,
        )


def _environ(scope: HTTPScope, body: IO[bytes]) -> WSGIEnvironment:
    """Return the request as WSGI says it, the length of a body that did not tell its own aside."""
    server, port = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("ascii"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server,
        "SERVER_PORT": str(port or 0),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        if b"_" in raw:
            continue  # it would pass for the header that has a hyphen there
        name = raw.decode("latin-1").upper().replace("-", "_")
        key = name if name in UNPREFIXED else f"HTTP_{name}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
