"""Models for API keys, stored responses, sessions, invitations, and daily token budgets."""

from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class ApiKey(models.Model):
    """A program's API key. Only its hash and its first characters, by which its owner can recognize it, are stored."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey("auth.User", models.CASCADE, null=True, blank=True, related_name="api_keys")
    voter = models.OneToOneField("arena.Voter", models.CASCADE, related_name="api_key")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 hash of the key.")
    prefix = models.CharField(max_length=20)
    scopes = models.JSONField(help_text="A list with any of read, battle, vote, and evaluate.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True, help_text="Rounded to the minute.")

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class StoredResponse(models.Model):
    """The response to a request with an `Idempotency-Key`, stored so that retries get the same response."""

    voter = models.UUIDField()
    key = models.CharField(max_length=64, help_text="SHA-256 hash of the client's idempotency key.")
    request = models.CharField(max_length=64, help_text="SHA-256 hash of the request.")
    # The body contains the voter's questions, so it is deleted with the battle.
    battle = models.ForeignKey("arena.Battle", models.CASCADE, related_name="+")
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("created_at", name="stored_response_time")]
        constraints = [models.UniqueConstraint(fields=("voter", "key"), name="stored_response_unique")]

    def __str__(self) -> str:
        return f"response to {self.voter}"


class Session(AbstractBaseSession):
    """A browser session with a foreign key to its account, so that deleting the account deletes its sessions."""

    user = models.ForeignKey("auth.User", models.CASCADE, null=True, related_name="+")

    @classmethod
    def get_session_store_class(cls) -> Any:
        from arena.models.sessions import SessionStore  # avoids a circular import

        return SessionStore


class Invitation(models.Model):
    """A link that lets one person create an account. The row is deleted when the link is used."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 hash of the secret in the link.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"invitation until {self.expires_at:%Y-%m-%d %H:%M}"


class DailyTokens(models.Model):
    """Estimated tokens charged to a budget on one UTC day (see `arena.endpoints.token_budgets`)."""

    day = models.DateField()
    charged_to = models.CharField(max_length=120, help_text="The service, a model, or a share of one of them.")
    tokens = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("day", "charged_to"), name="daily_tokens_unique")]

    def __str__(self) -> str:
        return f"{self.charged_to} on {self.day}"
