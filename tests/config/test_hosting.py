"""What clients of a hosted WSGI application meet, over real sockets."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.request import Request, urlopen
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import uvicorn

from config.hosting import InThreads

LARGEST = 4_000_000
READY = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Tell what came: the length that is told, the bytes that are there, and two headers."""
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("broken")
    said = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
    found = environ.get("HTTP_X_FORWARDED_FOR", "none")
    yield f"{environ['REQUEST_METHOD']} {said} {len(body)} {found}\n".encode()
    yield body if environ["PATH_INFO"] != "/count" else b""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server with a single thread for requests."""
    listener = socket.create_server(("127.0.0.1", 0))
    hosted: Any = InThreads(echo, threads=1, largest_body=LARGEST)
    server = uvicorn.Server(uvicorn.Config(hosted, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield int(listener.getsockname()[1])
    server.should_exit = True
    thread.join()


def exchange(port: int, *parts: bytes) -> bytes:
    """Return the whole answer to bytes sent as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_body_headers_and_path_arrive_and_answer_comes_back_whole(port: int) -> None:
    content = bytes(range(256)) * 8_000  # more than is kept in memory
    request = Request(f"http://127.0.0.1:{port}/gr%C3%BC%C3%9Fe", content)
    with urlopen(request) as answer:
        told, _, echoed = answer.read().partition(b"\n")
        path = answer.headers["X-Path"]
    assert told == f"POST {len(content)} {len(content)} none".encode()
    assert echoed == content
    assert path.encode("latin-1").decode() == "/grüße"


def test_body_in_chunks_is_read_to_its_end(port: int) -> None:
    head = b"POST /count HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
    chunks = [
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"3\r\nabc\r\n",
        b"4\r\ndefg\r\n",
        b"0\r\n\r\n",
    ]
    assert b"POST 7 7 none" in exchange(port, head, *chunks)


def test_header_with_underscores_does_not_pass_for_one_with_hyphens(port: int) -> None:
    head = b"GET /count HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
    assert b"none" in exchange(port, head, b"X_Forwarded_For: 10.0.0.1\r\n\r\n")
    assert b"10.0.0.1" in exchange(port, head, b"X-Forwarded-For: 10.0.0.1\r\n\r\n")


def test_too_long_body_is_not_read_where_its_length_is_told(port: int) -> None:
    head = f"POST /count HTTP/1.1\r\nHost: here\r\nContent-Length: {LARGEST + 1}\r\n".encode()
    assert f"POST {LARGEST + 1} 0 none".encode() in exchange(
        port, head + b"Connection: close\r\n\r\n"
    )


def test_body_that_grows_too_long_is_refused(port: int) -> None:
    head = b"POST /count HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"F4240\r\n" + b"x" * 1_000_000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head + chunk * 5)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_slow_clients_hold_no_thread(port: int) -> None:
    """There is one thread: whoever held it would keep the last one waiting."""
    large = f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {LARGEST}\r\n\r\n".encode()
    address = ("127.0.0.1", port)
    with (
        socket.create_connection(address, timeout=10) as sends_slowly,
        socket.create_connection(address, timeout=10) as reads_nothing,
    ):
        sends_slowly.sendall(large + b"the first of many")
        reads_nothing.sendall(large + b"x" * LARGEST)
        began = time.monotonic()
        assert b"GET 0 0 none" in exchange(port, READY)
        assert time.monotonic() - began < 5


def test_application_that_fails_answers_500_and_the_next_request_is_served(port: int) -> None:
    broken = READY.replace(b"GET / ", b"GET /broken ")
    assert exchange(port, broken).startswith(b"HTTP/1.1 500 ")
    assert exchange(port, READY).startswith(b"HTTP/1.1 200 ")
