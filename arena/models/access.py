"""Access: keys of programs, responses to requests that must not happen twice, sessions, invitations, and budgets."""

from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class ApiKey(models.Model):
    """A program's way in. The key itself is nowhere, only its hash and the beginning by which its owner knows it."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey("auth.User", models.CASCADE, null=True, blank=True, related_name="api_keys")
    voter = models.OneToOneField("arena.Voter", models.CASCADE, related_name="api_key")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key")
    prefix = models.CharField(max_length=20)
    scopes = models.JSONField(help_text="of read, battle and vote")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute")

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class StoredResponse(models.Model):
    """The answer to a request with an `Idempotency-Key`, for as long as the same request gets the same answer."""

    voter = models.UUIDField()
    key = models.CharField(max_length=64, help_text="SHA-256 of the key that the client chose")
    request = models.CharField(max_length=64, help_text="SHA-256 of what was asked")
    # What was told holds questions: it goes with the battle that they are of.
    battle = models.ForeignKey("arena.Battle", models.CASCADE, related_name="+")
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("created_at", name="told_time")]
        constraints = [models.UniqueConstraint(fields=("voter", "key"), name="told_once")]

    def __str__(self) -> str:
        return f"told {self.voter}"


class Session(AbstractBaseSession):
    """A browser's session, with its account: all sessions of an account go with it."""

    user = models.ForeignKey("auth.User", models.CASCADE, null=True, related_name="+")

    @classmethod
    def get_session_store_class(cls) -> Any:
        from arena.models.sessions import SessionStore  # which imports this model

        return SessionStore


class Invitation(models.Model):
    """A link by which one person may make an account; the row is deleted when it is used."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in the link")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"invitation until {self.expires_at:%Y-%m-%d %H:%M}"


class DailyTokens(models.Model):
    """Estimated tokens that were charged to a budget on one day (UTC), see `arena.endpoints.token_budgets`; kept for
    two days."""

    day = models.DateField()
    charged_to = models.CharField(max_length=120, help_text="the service, a model, or a pseudonym of who asked")
    tokens = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("day", "charged_to"), name="tokens_of_day_once")]

    def __str__(self) -> str:
        return f"{self.charged_to} on {self.day}"
