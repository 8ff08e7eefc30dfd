"""Live updates: a socket says only that something changed; the browser fetches it anew."""

import asyncio
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from review.models import Queue

# Changes within this time are told together, so that an import does not flood a browser.
GATHER_S = 0.3
NOT_LOGGED_IN = 4401


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page. It outlives a logout, so rights are looked up again for every message."""

    async def connect(self) -> None:
        self.groups_joined: set[str] = set()
        self.telling: asyncio.Task[None] | None = None
        groups = await self._groups()
        if groups is None:
            await self.close(code=NOT_LOGGED_IN)
            return
        await self._join(groups)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.telling:
            self.telling.cancel()
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def changed(self, event: dict[str, Any]) -> None:
        """Handle a change in a queue this page watches."""
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        await asyncio.sleep(GATHER_S)
        groups = await self._groups()
        if groups is None:
            await self.close(code=NOT_LOGGED_IN)
            return
        for lost in self.groups_joined - groups:
            await self.channel_layer.group_discard(lost, self.channel_name)
        await self._join(groups)  # again, too: Redis may have forgotten who listens
        await self.send(text_data="changed")

    async def _join(self, groups: set[str]) -> None:
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.groups_joined = groups

    @database_sync_to_async
    def _groups(self) -> set[str] | None:
        """Return the groups of the queues the session's user may see, None when logged out."""
        request = HttpRequest()
        request.session = SessionStore(self.scope["session"].session_key)
        user = get_user(request)
        if not user.is_authenticated:
            return None
        queues = Queue.objects.all()
        if not user.has_perm("review.view_every_queue"):
            queues = queues.filter(members=user)
        return {f"queue.{pk}" for pk in queues.values_list("pk", flat=True)}
