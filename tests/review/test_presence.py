"""Presence: who is where is said to those who may see it, and a page says it of itself alone."""

import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from pytest_django import Settings

from review import presence
from review.consumers import MOST_WORDS
from review.models import ReviewItem
from review.presence import Place, State
from review.routing import websocket_urlpatterns
from tests.builders import make_item, make_person, make_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("servers", "static_files"),
]

NONSENSE = (
    "nonsense",
    "[]",
    '{"item": true, "state": "looking"}',
    '{"item": -1, "state": "looking"}',
    '{"item": 99999999999999999999, "state": "looking"}',
    '{"item": "1", "state": "looking"}',
    '{"item": 1, "state": "sleeping"}',
    '{"item": 1, "state": "looking", "more": "' + "x" * 200 + '"}',
    "[" * 90,
)


class Socket:
    """A page's socket, as the server hears it."""

    def __init__(self, session_key: str) -> None:
        scope = {
            "type": "websocket",
            "path": "/live/",
            "headers": [(b"cookie", f"sessionid={session_key}".encode())],
        }
        application = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        communicator: Any = ApplicationCommunicator
        self.server = communicator(application, scope)

    async def open(self) -> None:
        await self.server.send_input({"type": "websocket.connect"})
        assert (await self.server.receive_output(3))["type"] == "websocket.accept"

    async def says(self, item_id: object, state: str = "looking") -> None:
        await self.say(json.dumps({"item": item_id, "state": state}))

    async def say(self, text: str | bytes) -> None:
        kind = "text" if isinstance(text, str) else "bytes"
        await self.server.send_input({"type": "websocket.receive", kind: text})

    async def hears(self) -> str:
        return str((await self.server.receive_output(3))["text"])

    async def hears_nothing_for(self, seconds: float) -> None:
        await self.server.receive_nothing(timeout=seconds)

    async def close(self) -> None:
        await self.server.send_input({"type": "websocket.disconnect", "code": 1005})
        await self.server.wait()


Talk = Callable[[Socket], Coroutine[Any, Any, Any]]


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _talk(user: User, talk: Talk) -> Any:
    """Return what the conversation on a socket of the person returns."""
    key = _client(user).cookies["sessionid"].value

    async def conversation() -> Any:
        socket = Socket(key)
        await socket.open()
        answer = await talk(socket)
        await socket.close()
        return answer

    def in_a_thread() -> Any:
        try:
            return async_to_sync(conversation)()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:  # this one may have the loop of a browser
        return thread.submit(in_a_thread).result()


@database_sync_to_async
def _page(user: User, address: str) -> str:
    return str(_client(user).get(address).content, "utf-8")


@database_sync_to_async
def _there(item: ReviewItem, but: User) -> list[str]:
    found = presence.present([item.pk], but=but).get(item.pk, [])
    return [f"{one.person.username} is {one.state.word}" for one in found]


async def _until(condition: Callable[[], Awaitable[Any]], socket: Socket) -> bool:
    """Return whether the condition comes to hold while the socket's messages are read."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if await condition():
            return True
        await socket.hears_nothing_for(0.05)
    return False


def test_a_page_is_seen_while_it_is_there_by_others_alone(ada: User, grace: User) -> None:
    item = make_item()

    async def talk(socket: Socket) -> Any:
        await socket.says(item.pk)
        heard = await socket.hears()

        async def is_editing() -> Any:
            return await _there(item, but=ada) == ["grace is editing"]

        await socket.says(item.pk, "editing")
        assert await _until(is_editing, socket)
        assert await _there(item, but=grace) == []
        page = await _page(ada, f"/items/{item.pk}/presence/")
        return [heard, page, await _page(ada, f"/presence/?items={item.pk},7,x")]

    heard, page, rows = _talk(grace, talk)
    assert heard == "presence"
    assert "grace is editing" in page
    assert f'data-presence="{item.pk}"' in rows
    assert presence.present([item.pk], but=ada)[item.pk] == []


def test_nobody_is_present_where_they_may_not_see(ada: User) -> None:
    hers, other = make_item(), make_item()
    outsider = make_person("olga", "reviewer", make_queue("billing"))
    ReviewItem.objects.filter(pk=hers.pk).update(queue=make_queue("billing"))

    async def talk(socket: Socket) -> Any:
        await socket.says(other.pk, "editing")
        await socket.says(hers.pk)

        async def is_at_hers() -> Any:
            return await _there(hers, but=ada) == ["olga is looking"]

        assert await _until(is_at_hers, socket)
        return await _there(other, but=ada)

    assert _talk(outsider, talk) == []
    presence.arrive(other.pk, Place(user_id=ada.pk, page="p"), State.LOOKING)
    assert "face" not in _client(outsider).get(f"/presence/?items={other.pk}").content.decode()
    assert _client(outsider).get(f"/items/{other.pk}/presence/").status_code == 404


def test_what_makes_no_sense_is_passed_over(ada: User, grace: User) -> None:
    item = make_item()

    async def talk(socket: Socket) -> Any:
        await socket.say(b"\xff\x00")
        for text in NONSENSE:
            await socket.say(text)
        await socket.says(item.pk)
        await socket.hears()
        return await _there(item, but=ada)

    assert _talk(grace, talk) == ["grace is looking"]


def test_a_page_that_talks_too_much_is_not_listened_to(ada: User, grace: User) -> None:
    items = [make_item(), make_item()]

    async def talk(socket: Socket) -> Any:
        for turn in range(2 * MOST_WORDS):
            await socket.says(items[turn >= MOST_WORDS].pk)

        async def is_at_first() -> Any:
            return await _there(items[0], but=ada) == ["grace is looking"]

        assert await _until(is_at_first, socket)
        await socket.hears_nothing_for(0.3)
        return await _there(items[1], but=ada)

    assert _talk(grace, talk) == []


def test_many_pages_of_one_person_take_few_places_and_count_as_one(ada: User, grace: User) -> None:
    item = make_item()
    for page in range(100):
        state = State.EDITING if page == 7 else State.AWAY
        presence.arrive(item.pk, Place(user_id=grace.pk, page=f"page {page}"), state)
    assert len(presence.present([item.pk], but=ada)[item.pk]) == 1


def test_without_redis_nobody_is_seen_and_nothing_waits(ada: User, settings: Settings) -> None:
    item = make_item()
    layer = settings.CHANNEL_LAYERS["default"]
    hosts = [{"address": "unix:///nonexistent/redis.sock"}]
    settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": layer["CONFIG"] | {"hosts": hosts}}}
    presence.arrive(item.pk, Place(user_id=ada.pk, page="p"), State.LOOKING)
    started = time.perf_counter()
    client = _client(ada)
    assert client.get(f"/presence/?items={item.pk}").content.strip() == b""
    assert client.get(f"/items/{item.pk}/presence/").status_code == 200
    assert time.perf_counter() - started < 1
