"""Real servers on loopback that stand at the other end: mail, webhooks, a model provider."""

import asyncio
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What an SMTP server took. refusal: what it answers to the data instead of taking it."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refusal: str = ""
    breaks_off: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.breaks_off:
            cast(asyncio.WriteTransport, server.transport).abort()
            return "421 gone"
        if self.refusal:
            return self.refusal
        mail = BytesParser(policy=default).parsebytes(cast(bytes, envelope.content))
        self.mails.append(mail)
        return "250 taken"


def free_port() -> int:
    """Return a port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """Yield the mailbox of a running SMTP server."""
    mailbox = Mailbox()
    mailbox.port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@dataclass(frozen=True, kw_only=True)
class Received:
    """An HTTP request as it came, header names in lower case. connection: its client's port."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What an HTTP server answers. body: JSON, bytes as they are, or an iterator of bytes to send
    one by one. resets: it resets the connection in place of an answer."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    resets: bool = False


@dataclass
class HttpPeer:
    """A running HTTP server: what it was sent, and what it answers next."""

    answer: Callable[[Received], Reply | None]
    url: str = ""
    requests: list[Received] = field(default_factory=list)


@contextmanager
def http_server(answer: Callable[[Received], Reply | None]) -> Iterator[HttpPeer]:
    """Yield a running HTTP server that answers each POST with `answer`; None breaks off."""
    peer = HttpPeer(answer=answer)
    server = _Server(peer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(
            path=self.path, headers=headers, body=body, connection=self.client_address[1]
        )
        self.server.peer.requests.append(request)
        reply = self.server.peer.answer(request)
        if reply is None:
            self.close_connection = True
        elif reply.resets:
            self._reset()
        elif isinstance(reply.body, Iterator):
            self._send_parts(reply)
        else:
            self._send_whole(reply)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def _send_parts(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):  # it need not be heard to its end
            for part in reply.body:
                self.wfile.write(part)

    def _send_whole(self, reply: Reply) -> None:
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # many at once are not turned away
    daemon_threads = True

    def __init__(self, peer: HttpPeer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.peer = peer
