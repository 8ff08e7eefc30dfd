"""Erasable content, kept apart from the rows that must never change.

Personal text (bodies, drafts, prompts, spans' content) lives in a payload row of its room.
Append-only rows hold its digest and point at it, so that erasing a person leaves the record
whole and its text gone. A database trigger lets nobody but the eraser's role change one.
"""

import hashlib
import json
from typing import Any

from django.db import models


def digest(content: Any) -> str:
    """Return the SHA-256, in hex, of the content's canonical JSON (sorted keys, no spaces)."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


class Payload(models.Model):
    """JSON content that can be erased: `content` turns null, `erased_at` says when."""

    content = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"payload {self.pk}" + (" (erased)" if self.erased_at else "")
