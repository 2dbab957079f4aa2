"""Tables of the ratings app.

Tallies, filter weights, and current boards are derived from votes, so they can be rebuilt. Exclusions, old snapshots,
and the boards of reference pools cannot.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from arena.models import Contestant, Pool, Vote

RETRY_DELAY = timedelta(minutes=1)  # the delay before a failed fit of a board is retried
PUBLIC_DELAY = timedelta(hours=24)  # from the end of an hour until its votes enter the public record
OVERALL_CATEGORY = "overall"
DECISIVE_CATEGORY = "exclude-ties"  # all votes except ties
EXCLUDED = "excluded"  # the reason that the public record and the method page give for votes excluded by an operator
# Names that differ from the slug by more than capitalization and spaces.
CATEGORY_NAMES = {
    "exclude-suggestions": "Without suggested questions",
    "exclude-ties": "Without ties",
    "multi-turn": "Multi-turn",
    "webdev": "Web development",
}
FULL_WEIGHT = 256  # filter weights are stored as integers, in units of 1/256
SEED_POOL = "chatbot-arena-2024-08"  # slug of the public vote pool that ships with Arena


class PoolCounts(models.Model):
    """How far a pool's votes have been counted and filtered. Each pool has one row, created with it."""

    pool = models.OneToOneField(Pool, models.CASCADE, primary_key=True, related_name="counts")
    revision = models.BigIntegerField(default=0, help_text="Increases whenever the tallies change.")
    weight_revision = models.BigIntegerField(
        default=0, help_text="Increases with `revision` if nothing but weights has changed."
    )
    filter_version = models.CharField(
        max_length=20, blank=True, help_text="Version of the filter that set the weights."
    )
    filtered_at = models.DateTimeField(null=True, blank=True, help_text="Time of the filter's last run.")
    filtered_votes = models.BigIntegerField(default=0, help_text="Number of votes at the filter's last run.")
    open_limit = models.FloatField(
        null=True,
        blank=True,
        help_text="Maximum number of new voters' votes per hour that have weight before their epoch closes.",
    )

    def __str__(self) -> str:
        return f"{self.pool_id} at revision {self.revision}"


def create_counts(instance: Pool, created: bool, **_: Any) -> None:  # noqa: FBT001  # the signal's argument
    """Create the counts of a new pool."""
    if created:
        PoolCounts.objects.create(pool=instance)


def create_missing_counts(apps: Any, **_: Any) -> None:
    """Create the counts of the pools that have none."""
    try:
        counts = apps.get_model("ratings", "PoolCounts").objects
    except LookupError:  # the tables have been removed
        return
    pools = apps.get_model("arena", "Pool").objects.filter(counts=None)
    counts.bulk_create((counts.model(pool=pool) for pool in pools), ignore_conflicts=True)


class Exclusion(models.Model):
    """An operator's decision that some votes in a pool do not count. It can be withdrawn.

    A vote is excluded if it meets all conditions. The votes are selected once, because networks are stored for only 30
    days. `votes` is null until Celery has applied the exclusion.
    """

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="exclusions")
    voter = models.UUIDField(null=True, blank=True, help_text="Empty: votes of all voters.")
    network = models.CharField(
        max_length=64, blank=True, help_text="Hash of a network. Empty: votes from all networks."
    )
    start = models.DateTimeField(null=True, blank=True, help_text="Time of the first vote. Empty: no limit.")
    end = models.DateTimeField(null=True, blank=True, help_text="Time after the last vote. Empty: no limit.")
    reason = models.CharField(max_length=200, help_text="Shown to operators only.")
    created_by = models.CharField(max_length=150, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    votes = ArrayField(models.BigIntegerField(), null=True, editable=False, help_text="IDs of the excluded votes.")
    is_in_force = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(voter=None, network="", start=None, end=None), name="exclusion_has_condition"
            )
        ]

    def __str__(self) -> str:
        return self.reason


def find_public_end(now: datetime) -> datetime:
    """Return the time (UTC) before which votes are public: the end of the last hour that ended a day ago."""
    return (now - PUBLIC_DELAY).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Category(models.Model):
    """A group of votes within each pool, such as a topic or a language."""

    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


def format_category_name(slug: str) -> str:
    """Return the display name for a new category."""
    return CATEGORY_NAMES.get(slug) or slug.replace("-", " ").capitalize()


def get_or_create_category(slug: str) -> Category:
    category, _is_new = Category.objects.get_or_create(slug=slug, defaults={"name": format_category_name(slug)})
    return category


class Board(models.Model):
    """A ranking. Its published results are snapshots. Bradley-Terry and Elo share a board."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="boards")
    category = models.ForeignKey(Category, models.CASCADE)
    style_control = models.BooleanField(default=False)
    last_vote_id = models.BigIntegerField(null=True, help_text="ID of the newest vote in the tallies.")
    behind = models.BooleanField(
        default=False, db_default=False, help_text="Whether the tallies have changed since the board was published."
    )
    failed_at = models.DateTimeField(null=True, blank=True, help_text="Time of the last failed fit.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("pool", "category", "style_control"), name="board_once"),
        ]

    def __str__(self) -> str:
        style = _("style control") if self.style_control else ""
        return " · ".join(filter(None, (self.pool.name, self.category.name, style)))


def build_due_filter() -> Q:
    """Return a filter for boards that are behind and may be fitted now."""
    return Q(behind=True) & (Q(failed_at=None) | Q(failed_at__lt=Now() - RETRY_DELAY))


class Tally(models.Model):
    """The counts for one pair of contestants on one board.

    Wins and losses are from the perspective of `contestant_a`, which has the smaller key.
    """

    board = models.ForeignKey(Board, models.CASCADE, related_name="tallies")
    # Tallies are counted from votes, whose foreign keys are checked. A second check would slow down bulk writes.
    contestant_a = models.ForeignKey(Contestant, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    contestant_b = models.ForeignKey(Contestant, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    wins = models.BigIntegerField(default=0)
    losses = models.BigIntegerField(default=0)
    ties = models.BigIntegerField(default=0, help_text="Including both-bad votes.")
    both_bad = models.BigIntegerField(default=0)
    # The counts include votes with a weight below 1. Their missing weight is stored separately, as integers, so that
    # sums are exact. A vote with the weight w / 256 lacks 256 - w, and its square lacks 65,536 - w * w.
    lost_wins = models.BigIntegerField(default=0, db_default=0)
    lost_losses = models.BigIntegerField(default=0, db_default=0)
    lost_ties = models.BigIntegerField(default=0, db_default=0)
    lost_squared_wins = models.BigIntegerField(default=0, db_default=0)
    lost_squared_losses = models.BigIntegerField(default=0, db_default=0)
    lost_squared_ties = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("board", "contestant_a", "contestant_b"), name="tally_once"),
            models.CheckConstraint(condition=Q(contestant_a__lt=F("contestant_b")), name="tally_order"),
        ]

    def __str__(self) -> str:
        return f"{self.contestant_a_id} against {self.contestant_b_id}"


class VoteWeight(models.Model):
    """The weight of a vote that the filter downweighted or an operator excluded.

    A vote without a row has weight 1.
    """

    vote = models.OneToOneField(Vote, models.CASCADE, primary_key=True, related_name="+")
    filter_weight = models.PositiveSmallIntegerField(default=FULL_WEIGHT, help_text="In 1/256.")
    reason = models.CharField(max_length=20, blank=True, help_text="Reason why the filter lowered the weight.")
    excluded = models.BooleanField(default=False, help_text="Whether an operator excluded the vote.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(filter_weight__lte=FULL_WEIGHT), name="vote_weight_range")]

    def __str__(self) -> str:
        return f"{0 if self.excluded else self.filter_weight}/{FULL_WEIGHT} for vote {self.vote_id}"


class Outbox(models.Model):
    """A vote that is not in the tallies yet.

    Votes do not commit in id order, so storing the last counted id would not be enough.
    """

    vote = models.OneToOneField(Vote, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.vote_id)


class RefreshLease(models.Model):
    """The lease of the process that changes tallies and boards, in one row. See `ratings.pipeline.refresh_lease`.

    `busy` is false after the process has finished. Until `lease_until`, only the same process may refresh boards.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    token = models.UUIDField(null=True)
    busy = models.BooleanField()
    lease_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"until {self.lease_until}"


class Snapshot(models.Model):
    """One published board: its method, time, parameters, and all rows in one compressed value."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="snapshots")
    method = models.CharField(max_length=10, default="bt")
    votes = models.BigIntegerField(null=True, help_text="Null on a reference board, because the number is unknown.")
    last_vote_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(db_default=Now())
    code_version = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    rows = models.BinaryField(help_text="JSON, compressed with zlib.")
    pairs: "PairTable | None" = None  # saved with the snapshot

    class Meta:
        indexes = [models.Index("board", "method", F("computed_at").desc(), name="snapshot_newest")]

    def __str__(self) -> str:
        return f"{self.board_id} at {self.computed_at}"


class PairTable(models.Model):
    """The counts and errors for all pairs on a board, from a day's last snapshot.

    See `ratings.boards.pair_tables`.
    """

    board = models.ForeignKey(Board, models.CASCADE, related_name="pair_tables")
    day = models.DateField(help_text="In UTC.")
    computed_at = models.DateTimeField(help_text="Time of the snapshot.")
    slugs = ArrayField(models.CharField(max_length=200), help_text="Slugs of the models on the board.")
    arrays = models.BinaryField(help_text="NumPy .npz format, uncompressed.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("board", "day"), name="pair_table_of_day")]

    def __str__(self) -> str:
        return f"{self.board_id} on {self.day}"


class BoardCertificate(models.Model):
    """How many voters would have to be removed to change a board's order, computed from votes older than a day."""

    board = models.OneToOneField(Board, models.CASCADE, primary_key=True, related_name="certificate")
    computed_at = models.DateTimeField(db_default=Now())
    pairs = models.JSONField(help_text="For each pair of neighbors, as in the API.")
    first = models.JSONField(null=True, help_text="For the first place, as in the API.")
    mark = models.JSONField(help_text="State of the pool at the time of the computation.")

    def __str__(self) -> str:
        return f"{self.board_id} at {self.computed_at}"


class PoolFigures(models.Model):
    """The figures of one pool on the method page. Celery beat computes them from all votes in the pool."""

    pool = models.OneToOneField(Pool, models.CASCADE, primary_key=True, related_name="figures")
    counted_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField(help_text="Computed by ratings.pipeline.pool_figures.")

    def __str__(self) -> str:
        return f"{self.pool_id} at {self.counted_at}"
