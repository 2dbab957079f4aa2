"""Models for voters, battles, their turns, and what draws need. Their state is stored only in PostgreSQL."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.models.contestants import Contestant
from arena.models.pools import Pool

SIDES = ("a", "b")


class Voter(models.Model):
    """A person or a program, identified by a random id. No name, address, or browser is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.OneToOneField("auth.User", models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.id)


IS_SHARED = Q(shared_at__isnull=False)
IS_LISTED = Q(shared_at__isnull=False, review="listed")


def get_conversation_limit() -> int:
    """Return the current limit on the length of conversations. Each new battle stores it."""
    limit: int = settings.ENVIRONMENT.arena_conversation_characters
    return limit


class DrawTable(models.Model):
    """The contestants that a draw could choose, and each one's probability of being in the pair.

    Draws with the same contestants and the same pair weights share a table, so a pool has at most about one new table
    per minute. `keys` are the ids of the contestants in ascending order, and `shares` are their probabilities in the
    same order. The sum of the shares is 2. If an opponent was drawn for a contestant already in the battle, that
    contestant's share is 1.
    """

    id = models.BigIntegerField(
        primary_key=True, help_text="Hash of the pool, the shares, and the time of the weights."
    )
    pool = models.ForeignKey(Pool, models.PROTECT, db_index=False, related_name="+")
    keys = ArrayField(models.BigIntegerField())
    shares = ArrayField(models.FloatField())
    created_at = models.DateTimeField(db_default=Now())
    is_committed = False  # whether this process knows that the row is stored

    def __str__(self) -> str:
        return str(self.id)


def build_draw_table_field(help_text: str) -> "models.ForeignKey[DrawTable | None, DrawTable | None]":
    """Return a foreign key to a draw table. It needs no database constraint, because draw tables are never deleted."""
    return models.ForeignKey(
        DrawTable,
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        help_text=help_text,
    )


# The choices that constraints and indexes name stand outside the models, because `Meta` cannot see names in its model.


class _Mode(models.TextChoices):
    ANONYMOUS = "anonymous"
    SIDE_BY_SIDE = "side_by_side"


class _State(models.TextChoices):
    ANSWERING = "answering"
    READY = "ready"
    VOTED = "voted"
    SKIPPED = "skipped"
    VOID = "void"
    EXPIRED = "expired"


_UNJUDGED = (_State.ANSWERING, _State.READY, _State.VOID)


class Battle(models.Model):
    """One conversation with two contestants, and at most one vote."""

    Mode = _Mode
    State = _State
    UNJUDGED = _UNJUDGED

    class PromptSource(models.TextChoices):
        TYPED = "typed"
        SUGGESTION = "suggestion"

    class Review(models.TextChoices):
        """The review state of a published battle. An empty state means that it is neither reviewed nor queued."""

        WAITING = "waiting", "waiting for review"
        REPORTED = "reported", "reported, waiting for review"
        LISTED = "listed", "shown on the pages of its models"
        UNLISTED = "unlisted", "reviewed, reachable only by its link"
        WITHDRAWN = "withdrawn", "permanently taken down by an operator"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    voter = models.ForeignKey(Voter, models.CASCADE, related_name="battles")
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.ANONYMOUS)
    state = models.CharField(max_length=10, choices=State, default=State.ANSWERING)
    pool = models.ForeignKey(Pool, models.PROTECT, db_index=False, related_name="+")
    contestant_a = models.ForeignKey(Contestant, models.PROTECT, related_name="+")
    contestant_b = models.ForeignKey(Contestant, models.PROTECT, related_name="+")
    propensity = models.FloatField(help_text="Probability of drawing this pair or its last replacement.")
    replaced = models.JSONField(
        default=list, help_text="Replaced contestants, as [{side, contestant, propensity, reason}]."
    )
    draw_table = build_draw_table_field(
        "The draw of the pair or of its last replacement. Null if the pair was not drawn."
    )
    prompt_source = models.CharField(max_length=10, choices=PromptSource, default=PromptSource.TYPED)
    among = models.JSONField(
        null=True,
        help_text="IDs of the contestants that the voter named. Null means all. Only then is the battle rated.",
    )
    conversation_limit = models.PositiveIntegerField(
        default=get_conversation_limit,
        help_text="Maximum number of characters or of half the UTF-8 bytes in the conversation, whichever is greater.",
    )
    one_sided = models.CharField(max_length=1, blank=True, help_text="Side of a one-sided failure before a retry.")
    stopped = models.BooleanField(default=False, help_text="Whether the voter asked to end the last turn early.")
    standing = models.JSONField(null=True, help_text="Ratings before the vote, keyed by side.")
    shared_at = models.DateTimeField(
        null=True, help_text="Time when the battle was published to everyone with its link."
    )
    hide_names = models.BooleanField(
        default=False, db_default=False, help_text="Whether its page hides the models until the reader has judged."
    )
    review = models.CharField(max_length=10, blank=True, db_default="", choices=Review)
    shared_network = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Hash of the voter's network while the battle waits for review.",
    )
    network = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Hash of the voter's network, stored for 30 days."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index("voter", F("created_at").desc(), name="battle_voter_time"),
            models.Index("contestant_a", F("shared_at").desc(), condition=IS_SHARED, name="battle_shared_a"),
            models.Index("contestant_b", F("shared_at").desc(), condition=IS_SHARED, name="battle_shared_b"),
            models.Index("contestant_a", condition=IS_LISTED, name="battle_listed_a"),
            models.Index("contestant_b", condition=IS_LISTED, name="battle_listed_b"),
            models.Index("shared_network", condition=Q(review__in=("waiting", "reported")), name="battle_in_review"),
            models.Index("created_at", condition=Q(shared_at=None), name="battle_unshared_time"),
            models.Index("created_at", condition=Q(state__in=_UNJUDGED), name="battle_unjudged"),
            models.Index("voter", condition=Q(state="answering"), name="battle_answering"),
            models.Index("created_at", condition=~Q(network=""), name="battle_network_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(contestant_a=F("contestant_b")), name="battle_two_contestants"),
            models.CheckConstraint(condition=Q(propensity__gt=0, propensity__lte=1), name="battle_propensity"),
            models.CheckConstraint(condition=Q(mode__in=_Mode.values), name="battle_mode"),
            models.CheckConstraint(condition=Q(state__in=_State.values), name="battle_state"),
            models.CheckConstraint(condition=Q(mode="anonymous") | Q(among__isnull=False), name="battle_named_models"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def rated_pool(self) -> int | None:
        """The key of the pool in which the vote can count. None if the voter named models: it is then not rated."""
        return self.pool_id if self.among is None else None

    @property
    def contestants_by_side(self) -> dict[str, Contestant]:
        """Both contestants, keyed by side."""
        return {"a": self.contestant_a, "b": self.contestant_b}


class Turn(models.Model):
    """One question in a battle. Its two answers are stored as `Answer` rows."""

    battle = models.ForeignKey(Battle, models.CASCADE, related_name="turns")
    number = models.PositiveSmallIntegerField()
    prompt = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("battle", "number"), name="turn_unique")]

    def __str__(self) -> str:
        return f"turn {self.number} of battle {self.battle_id}"


class Suggestion(models.Model):
    """An operator's example question for the home page. If no suggestions exist, Arena uses its bundled questions."""

    prompt = models.TextField()
    category = models.CharField(max_length=100)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.prompt[:60]


class PairWeight(models.Model):
    """The expected information from one more battle of each pair, written by the `ratings` app.

    Each pool has one row, because all of its weights are read and written together. `keys` are the ids of M
    contestants in ascending order. `weights` contains the weights of their M (M - 1) / 2 pairs, in the order (0, 1),
    (0, 2) … (M - 2, M - 1).
    """

    pool = models.OneToOneField(Pool, models.CASCADE, primary_key=True, related_name="+")
    keys = ArrayField(models.BigIntegerField())
    weights = ArrayField(models.FloatField())
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.pool_id)


class Standing(models.Model):
    """The latest published ratings of a pool, written by the `ratings` app and shown in the reveal."""

    pool = models.OneToOneField(Pool, models.CASCADE, primary_key=True, related_name="+")
    ratings = models.JSONField(help_text="Ratings as {slug: {rating, ci_low, ci_high, rank, votes, provisional}}.")
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.pool_id)
