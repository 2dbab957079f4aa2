"""Models for votes, and for the files from which votes are imported.

A vote is one voter's judgment of two contestants' answers. An *item* is a question with two answers that several voters
can judge, each once: a ready pair, or what a vote file names as one. It has no table: `Vote.item` is a keyed hash of
the ready pair's id, or of the pool and the name in the file.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.models.battles import Battle, build_draw_table_field
from arena.models.contestants import Contestant
from arena.models.pools import Pool

# The choices that constraints name stand outside the model, because `Meta` cannot see names in its model.


class _Winner(models.TextChoices):
    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class _Source(models.TextChoices):
    LIVE = "live"
    API = "api"
    IMPORT = "import"
    READY = "ready"
    EVALUATION = "evaluation"


class _VoterKind(models.TextChoices):
    PERSON = "person"
    KEY = "key"
    JUDGE = "judge"
    IMPORT = "import"


class VoteFile(models.Model):
    """A vote file that was imported into a pool. A file with the same bytes is imported only once per pool."""

    pool = models.ForeignKey(Pool, models.PROTECT, db_index=False, related_name="+")
    digest = models.CharField(max_length=64, help_text="SHA-256 hash of the file.")
    votes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=("pool", "digest"), name="vote_file_unique")]

    def __str__(self) -> str:
        return f"{self.digest[:8]} in {self.pool_id}"


class LiveRecordKey(models.Func):
    """The key of a vote cast now: the end of its hour in Unix seconds (8 hexadecimal digits), then random digits."""

    template = (
        "(lpad(to_hex((floor(extract(epoch FROM STATEMENT_TIMESTAMP()) / 3600)::bigint + 1) * 3600), 8, '0')"
        " || substr(gen_random_uuid()::text, 9))::uuid"
    )
    output_field = models.UUIDField()


class Vote(models.Model):
    """One vote. Its judgment never changes. `voter` is not a foreign key, because votes outlive deleted voters.

    A voter has at most one vote on an item. A battle is no item, because only its own voter can judge it.
    """

    Winner = _Winner
    Source = _Source
    VoterKind = _VoterKind

    battle = models.OneToOneField(Battle, models.SET_NULL, null=True, related_name="vote")
    item = models.UUIDField(null=True, help_text="What was judged. Keyed hash of the ready pair or of the file's item.")
    # A pool with votes is never deleted, and checking a foreign key constraint would slow down imports.
    pool = models.ForeignKey(Pool, models.PROTECT, db_index=False, db_constraint=False, related_name="+")
    contestant_a = models.ForeignKey(Contestant, models.PROTECT, db_index=False, related_name="+")
    contestant_b = models.ForeignKey(Contestant, models.PROTECT, db_index=False, related_name="+")
    winner = models.CharField(max_length=8, choices=Winner)
    multiplicity = models.PositiveIntegerField(default=1)
    voter = models.UUIDField(null=True)
    voter_kind = models.CharField(
        max_length=6, choices=VoterKind, default=VoterKind.PERSON, db_default=VoterKind.PERSON
    )
    source = models.CharField(max_length=10, choices=Source, default=Source.LIVE)
    counted = models.BooleanField(default=True)
    reason = models.CharField(max_length=20, blank=True, help_text="Reason why the vote is not counted.")
    categories = ArrayField(models.CharField(max_length=40), default=list)
    features = ArrayField(
        models.FloatField(), null=True, help_text="Style features of side a, followed by those of side b."
    )
    propensity = models.FloatField(null=True, help_text="Null after a replacement, or if unknown.")
    draw_table = build_draw_table_field("Null if the pair was not drawn here.")
    turns = models.PositiveSmallIntegerField(default=1)
    reasons = models.JSONField(default=dict)
    comment = models.TextField(blank=True)
    prompt_hash = models.CharField(
        max_length=32, blank=True, db_default="", help_text="Keyed hash of the first question."
    )
    network = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Hash of the voter's network, stored for 30 days, even if the battle is deleted.",
    )
    # Files are never deleted, and checking a foreign key constraint would take a sixth of an import's time.
    file = models.ForeignKey(VoteFile, models.PROTECT, null=True, db_index=False, db_constraint=False, related_name="+")
    created_at = models.DateTimeField(null=True, db_default=Now(), help_text="Null for imported votes without a time.")
    record_key = models.UUIDField(
        db_default=LiveRecordKey(), help_text="Place in the public record, which does not tell a time within the hour."
    )
    published = models.BooleanField(default=False, db_default=False, help_text="Whether its battle was ever published.")

    class Meta:
        indexes = [
            models.Index("pool", "id", name="vote_pool"),
            models.Index("pool", "record_key", name="vote_record"),
            models.Index("voter", "prompt_hash", condition=~Q(prompt_hash=""), name="vote_voter_prompt"),
            models.Index("contestant_a", condition=~Q(reasons={}), name="vote_reasons_a"),
            models.Index("contestant_b", condition=~Q(reasons={}), name="vote_reasons_b"),
            models.Index("created_at", condition=Q(draw_table__isnull=False), name="vote_drawn_time"),
            models.Index("created_at", condition=~Q(network=""), name="vote_network_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(contestant_a=F("contestant_b")), name="vote_two_contestants"),
            models.CheckConstraint(condition=Q(multiplicity__gte=1), name="vote_multiplicity"),
            models.CheckConstraint(condition=Q(winner__in=_Winner.values), name="vote_winner"),
            models.CheckConstraint(condition=Q(source__in=_Source.values), name="vote_source"),
            models.CheckConstraint(condition=Q(voter_kind__in=_VoterKind.values), name="vote_voter_kind"),
            models.CheckConstraint(condition=Q(multiplicity=1) | Q(item=None) | Q(voter=None), name="vote_item_single"),
            models.UniqueConstraint(
                fields=("item", "voter"),
                condition=Q(item__isnull=False, voter__isnull=False),
                name="vote_item_once",
            ),
        ]

    def __str__(self) -> str:
        return f"vote {self.pk}"


class ImportedRow(models.Model):
    """The unused columns of an imported vote, and the vote's conversation if it was also imported."""

    # Votes are never deleted, and checking a foreign key constraint would take a sixth of an import's time.
    vote = models.OneToOneField(Vote, models.CASCADE, primary_key=True, db_constraint=False, related_name="imported")
    row = models.JSONField()

    def __str__(self) -> str:
        return f"row of vote {self.vote_id}"
