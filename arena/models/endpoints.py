"""Models for endpoints, calls to them, and their daily statistics."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from arena.models.answers import Answer


class Endpoint(models.Model):
    """A model on a server, and what Arena knows about its health. Several contestants can share an endpoint.

    If a setting is null, the default for all models applies.
    """

    kind = models.CharField(max_length=20)
    base_url = models.CharField(max_length=500, blank=True)
    upstream_id = models.CharField(max_length=200, blank=True, help_text="Name of the model on its server.")
    api_key_env = models.CharField(
        max_length=100, blank=True, help_text="Name of an environment variable, never a key."
    )
    max_concurrency = models.PositiveIntegerField(null=True, blank=True)
    first_token_timeout_s = models.FloatField(null=True, blank=True)
    tokens_per_day = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Maximum number of tokens, as estimated by Arena. If empty, there is no limit."
    )
    # The circuit breaker (see `arena.endpoints.circuit_breaker`) uses the next three fields.
    failed_probes = models.PositiveIntegerField(default=0, help_text="Failures in a row since the last healthy probe.")
    probe_wanted = models.BooleanField(
        default=False, help_text="Whether a visitor's call failed before its first token."
    )
    probe_after = models.DateTimeField(db_default=Now(), help_text="Arena sends no probe before this time.")
    singles_after = models.DateTimeField(
        db_default=Now(), help_text="A rate limit of the provider lets single answers wait until this time."
    )
    fails_in_battles = models.BooleanField(
        default=False, help_text="Whether more than half of the battles in the last 24 hours failed."
    )

    # The newest probe or test question, for operators.
    probed_at = models.DateTimeField(null=True)
    probe_failure = models.CharField(max_length=20, blank=True, db_default="")
    probe_detail = models.CharField(max_length=500, blank=True, db_default="", help_text="The provider's words.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "base_url", "upstream_id", "api_key_env"),
                name="endpoint_unique",
                violation_error_message=gettext_lazy(
                    "There already is such an endpoint. Several contestants can share it."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.upstream_id}"

    @property
    def label(self) -> str:
        """The names of the contestants that share the endpoint, or its kind and model if nobody uses it."""
        return ", ".join(sorted(contestant.name for contestant in self.contestants.all())) or str(self)


class Slot(models.Model):
    """Permission for one call at a time to an endpoint (see `arena.answers.slots`).

    A trigger keeps the numbers of an endpoint with `max_concurrency` at 1 to that limit, but at most 10,000. Other
    endpoints have no slots.
    """

    pk = models.CompositePrimaryKey("endpoint_id", "number")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, db_index=False, related_name="+")
    number = models.PositiveSmallIntegerField()
    holder = models.UUIDField(null=True, help_text="Identifies the call that has the slot.")
    until = models.DateTimeField(db_default=Now(), help_text="The slot is free from this time on.")
    shared = models.BooleanField(default=False, db_default=False, help_text="Whether a shared call took it last.")
    shared_at = models.DateTimeField(null=True, help_text="Time when a shared call last took it.")

    def __str__(self) -> str:
        return f"slot {self.number} of endpoint {self.endpoint_id}"


class EndpointCall(models.Model):
    """One call to an endpoint, with its failure or speed. Calls are aggregated by day and then deleted."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="calls")
    battle = models.UUIDField(
        null=True, help_text="ID of the battle, which may have been deleted. Null for a single answer."
    )
    answer = models.BigIntegerField(null=True, help_text="ID of the answer, which may have been deleted.")
    failure = models.CharField(max_length=12, blank=True, choices=Answer.Failure)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the failure, if there was one.")
    detail = models.CharField(
        max_length=500, blank=True, db_default="", help_text="The provider's words, unless they could quote a question."
    )
    first_token_s = models.FloatField(null=True)
    tokens_per_s = models.FloatField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("created_at", name="call_time")]

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.failure or 'answered'}"

    @property
    def short_battle(self) -> str:
        """The first characters of the battle's id."""
        return str(self.battle)[:8]


class EndpointDay(models.Model):
    """An endpoint's statistics for one UTC day. Times are in seconds, and speeds in tokens per second.

    `answers` and `failures` count all calls. The public failure rate is computed from `public_answers` and
    `public_failures`.
    """

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="days")
    day = models.DateField()
    answers = models.PositiveIntegerField()
    failures = models.JSONField(default=dict, help_text="Number of failures, keyed by reason.")
    public_answers = models.PositiveIntegerField(default=0, help_text="Answers in blind battles of the live pool.")
    public_failures = models.PositiveIntegerField(
        default=0, help_text="Failures in blind battles of the live pool, at most 3 per voter and 12 per network."
    )
    first_token_p50 = models.FloatField(null=True)
    first_token_p95 = models.FloatField(null=True)
    tokens_per_s_p50 = models.FloatField(null=True)
    tokens_per_s_p95 = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("endpoint", "day"), name="endpoint_day_unique")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} on {self.day}"
