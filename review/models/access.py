"""API tokens, and the requests they made once."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiToken(models.Model):
    """A bearer token, kept as its SHA-256; the token itself is shown once."""

    class Scope(models.TextChoices):
        SUBMIT = "submit", "Submit tickets and read its own"
        READ = "read", "Read every ticket and the metrics"
        LABELS = "labels", "Read and write labels"
        TRACES = "traces", "Write traces"
        ADMIN = "admin", "Everything"

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def allows(self, *scopes: str) -> bool:
        """Whether it carries one of the scopes."""
        return self.Scope.ADMIN in self.scopes or any(scope in self.scopes for scope in scopes)


class IdempotencyKey(models.Model):
    """A request that was answered, so that its repetition gets the same answer."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    response = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return self.key
