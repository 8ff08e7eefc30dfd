"""Live updates: a socket says only that something changed; the browser fetches it anew.

The other way a page says which item it shows and whether somebody writes on it.
"""

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q
from django.http import HttpRequest
from redis import RedisError

from review import presence
from review.models import Queue, ReviewItem
from review.presence import Place, State

log = logging.getLogger(__name__)

# News within this time is told together, so that an import does not flood a browser.
GATHER_S = 0.3
NOT_LOGGED_IN = 4401
TRY_AGAIN_LATER = 1013
# A page has little to say: what it shows, again every 20 s, and each change of that.
LONGEST_WORD = 100
MOST_WORDS, WORDS_PER_S = 20, 1.0
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page shows. queue_id: whose members see that somebody is there."""

    item_id: int
    queue_id: int
    state: State


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page. It outlives a logout, so rights are looked up again for every message."""

    async def connect(self) -> None:
        self.groups_joined: set[str] = set()
        self.words: set[str] = set()
        self.telling: asyncio.Task[None] | None = None
        self.shown: Shown | None = None
        self.place: Place | None = None
        self.allowance, self.asked_at = float(MOST_WORDS), time.monotonic()
        try:
            if await self._rejoin():
                presence.ask_again()
                await self.accept()
        except (RedisError, OSError):
            await self.close(code=TRY_AGAIN_LATER)

    async def disconnect(self, code: int) -> None:
        if self.telling:
            self.telling.cancel()
        try:
            await self._show(None)
            for group in self.groups_joined:
                await self.channel_layer.group_discard(group, self.channel_name)
        except (RedisError, OSError):
            log.info("Redis was away when a page was closed.")

    async def news(self, event: dict[str, Any]) -> None:
        """Handle a word for this page: what changed."""
        self.words.add(event["word"])
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self._tell())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handle what the page says of itself; more than a page has to say is not listened to."""
        now = time.monotonic()
        self.allowance = min(MOST_WORDS, self.allowance + (now - self.asked_at) * WORDS_PER_S)
        self.asked_at = now
        said = _understood(text_data)
        if self.allowance < 1 or said is None:
            return
        self.allowance -= 1
        await self._show(await self._allowed(*said))

    async def _tell(self) -> None:
        while self.words:  # what comes in while rights are looked up is told next
            await asyncio.sleep(GATHER_S)
            words, self.words = self.words, set()
            try:
                if not await self._rejoin():  # again, too: Redis may have forgotten who listens
                    return
            except (RedisError, OSError):
                await self.close(code=TRY_AGAIN_LATER)
                return
            for word in sorted(words):
                await self.send(text_data=word)

    async def _rejoin(self) -> bool:
        """Listen to what the person may see, no more; return False if they are logged out."""
        groups = await self._groups()
        if groups is None:
            await self.close(code=NOT_LOGGED_IN)
            return False
        for lost in self.groups_joined - groups:
            await self.channel_layer.group_discard(lost, self.channel_name)
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.groups_joined = groups
        return True

    async def _show(self, shown: Shown | None) -> None:
        """Note what the page shows from now on, and tell those who see the queue of a change."""
        before, self.shown = self.shown, shown
        await self._note(before, shown)
        if before == shown:
            return
        for queue_id in {one.queue_id for one in (before, shown) if one}:
            await self._spread(queue_id)

    async def _spread(self, queue_id: int) -> None:
        try:
            await self.channel_layer.group_send(
                f"queue.{queue_id}", {"type": "news", "word": "presence"}
            )
        except (RedisError, OSError):
            log.info("Redis was away when somebody came or went.")

    @database_sync_to_async
    def _note(self, before: Shown | None, shown: Shown | None) -> None:
        if self.place is None:
            return
        if before is not None and (shown is None or shown.item_id != before.item_id):
            presence.leave(before.item_id, self.place)
        if shown is not None:
            presence.arrive(shown.item_id, self.place, shown.state)

    @database_sync_to_async
    def _allowed(self, item_id: int | None, state: State) -> Shown | None:
        """Return what the page may be seen to show: an item that its person sees."""
        user = self._user()
        if user is None or item_id is None:
            return None
        self.place = Place(user_id=user.pk, page=self.channel_name)
        seen = ReviewItem.objects.visible_to(user).filter(pk=item_id)
        queue_id = seen.values_list("queue_id", flat=True).first()
        return None if queue_id is None else Shown(item_id=item_id, queue_id=queue_id, state=state)

    @database_sync_to_async
    def _groups(self) -> set[str] | None:
        """Return the groups of what the session's user may see, None when logged out."""
        user = self._user()
        if user is None:
            return None
        queues = Queue.objects.all()
        if not user.has_perm("review.view_every_queue"):
            handed = ReviewItem.objects.open().filter(assigned_to=user)
            queues = queues.filter(Q(members=user) | Q(pk__in=handed.values("queue")))
        return {f"queue.{pk}" for pk in queues.values_list("pk", flat=True)} | {f"user.{user.pk}"}

    def _user(self) -> User | None:
        """Return the session's user as they are now, None when they are logged out."""
        request = HttpRequest()
        request.session = SessionStore(self.scope["session"].session_key)
        user = get_user(request)
        return user if isinstance(user, User) else None


def _understood(text: str | None) -> tuple[int | None, State] | None:
    """Return the item and what is done on it, None when it makes no sense."""
    if text is None or len(text) > LONGEST_WORD:
        return None
    try:
        said = json.loads(text)
        state = State[str(said["state"]).upper()]
        item_id = said["item"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if item_id is None:
        return None, state
    is_id = isinstance(item_id, int) and not isinstance(item_id, bool)
    return (item_id, state) if is_id and 0 < item_id <= LARGEST_ID else None
