"""Bearer tokens: made once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from review.models import ApiToken

PREFIX = "cs_"
NOTED_EVERY = timedelta(minutes=1)


def create_token(name: str, scopes: Sequence[str]) -> str:
    """Return a new token's text; it cannot be had again."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(name=name, digest=_digest(token), scopes=sorted(set(scopes)))
    return token


def token_of(text: str) -> ApiToken | None:
    """Return the token in force with this text, noting its use at most once a minute."""
    token = ApiToken.objects.filter(digest=_digest(text), revoked_at__isnull=True).first()
    now = timezone.now()
    if token and (token.last_used_at is None or token.last_used_at < now - NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(token: str) -> str:
    # The token is 256 random bits: a plain hash cannot be guessed back, and can be looked up.
    return hashlib.sha256(token.encode()).hexdigest()
