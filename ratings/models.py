"""Projections of the votes: all of these can be thrown away and rebuilt, but for what others have published."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from arena.models import Vote
from catalog.models import LanguageModel

RETRY_DELAY = timedelta(minutes=1)  # a board that could not be fitted is left alone for so long
OVERALL_CATEGORY = "overall"
DECISIVE_CATEGORY = "exclude-ties"  # every vote but ties
SEED_POOL = "chatbot-arena-2024-08"  # slug of the pool of public votes that comes with Arena


class Pool(models.Model):
    """A set of votes that is ranked on its own; one of kind `reference` has no votes, only boards of somebody else."""

    class Kind(models.TextChoices):
        LIVE = "live"
        API = "api"
        SHORTLIST = "shortlist"
        IMPORT = "import"
        REFERENCE = "reference"

    slug = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    provenance = models.TextField(blank=True)
    ordered = models.BooleanField(default=True, help_text="its votes have an order, so it has an Elo series")
    revision = models.BigIntegerField(default=0, help_text="grows with every change of its tallies")

    def __str__(self) -> str:
        return self.name

    @property
    def is_set(self) -> bool:
        """Whether a visitor made it by naming models: it has its overall board alone, and goes when nobody votes."""
        return self.kind == self.Kind.SHORTLIST


class Category(models.Model):
    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


def format_category_name(slug: str) -> str:
    """The name of a category that is made with its first vote."""
    return slug.replace("-", " ").capitalize()


class Board(models.Model):
    pool = models.ForeignKey(Pool, models.CASCADE, related_name="boards")
    category = models.ForeignKey(Category, models.CASCADE)
    style_control = models.BooleanField(default=False)
    last_vote_id = models.BigIntegerField(null=True, help_text="the newest vote in its tallies")
    behind = models.BooleanField(default=False, db_default=False, help_text="not published since its tallies changed")

    failed_at = models.DateTimeField(
        null=True, blank=True, help_text="since then it has not been fitted, on its last try"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("pool", "category", "style_control"), name="board_once"),
        ]

    def __str__(self) -> str:
        style = _("style control") if self.style_control else ""
        return " · ".join(filter(None, (self.pool.name, self.category.name, style)))


def build_due_filter() -> Q:
    """Of boards: those that are behind and may be fitted now."""
    return Q(behind=True) & (Q(failed_at=None) | Q(failed_at__lt=Now() - RETRY_DELAY))


class Tally(models.Model):
    """Counts of one pair on one board; `model_a` is the one with the smaller key, wins and losses are its own."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="tallies")
    # Written by the hundred thousand and counted from votes, which have the constraint.
    model_a = models.ForeignKey(LanguageModel, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    model_b = models.ForeignKey(LanguageModel, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    wins = models.BigIntegerField(default=0)
    losses = models.BigIntegerField(default=0)
    ties = models.BigIntegerField(default=0, help_text="both-bad ones included")
    both_bad = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("board", "model_a", "model_b"), name="tally_once"),
            models.CheckConstraint(condition=Q(model_a__lt=F("model_b")), name="tally_order"),
        ]

    def __str__(self) -> str:
        return f"{self.model_a_id} against {self.model_b_id}"


class Outbox(models.Model):
    """Votes not folded yet. Votes commit out of id order, so no watermark would do."""

    vote = models.OneToOneField(Vote, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.vote_id)


class Snapshot(models.Model):
    """One published board: method, cut-off, and all its rows in one compressed value."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="snapshots")
    method = models.CharField(max_length=10, default="bt")
    votes = models.BigIntegerField(null=True, help_text="null on a reference board, which does not tell")
    last_vote_id = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(db_default=Now())
    code_version = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    rows = models.BinaryField(help_text="zlib of JSON")
    pairs: "PairTable | None" = None  # until it is saved: what is written with it

    class Meta:
        indexes = [models.Index("board", "method", F("computed_at").desc(), name="snapshot_newest")]

    def __str__(self) -> str:
        return f"{self.board_id} at {self.computed_at}"


class PairTable(models.Model):
    """Counts of the pairs of a board's models and errors of their differences, as of its last snapshot of a day.

    See `ratings.boards.pair_tables`.
    """

    board = models.ForeignKey(Board, models.CASCADE, related_name="pair_tables")
    day = models.DateField(help_text="UTC")
    computed_at = models.DateTimeField(help_text="that of the snapshot")
    slugs = ArrayField(models.CharField(max_length=200), help_text="of its models")
    arrays = models.BinaryField(help_text="NumPy's format .npz, without compression")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("board", "day"), name="pair_table_of_day")]

    def __str__(self) -> str:
        return f"{self.board_id} on {self.day}"


class PoolFigures(models.Model):
    """What the method page tells of a pool beyond its boards, counted over all its votes by beat."""

    pool = models.OneToOneField(Pool, models.CASCADE, primary_key=True, related_name="figures")
    counted_at = models.DateTimeField(db_default=Now())
    figures = models.JSONField(help_text="as ratings.pipeline.pool_figures gives them")
    mark = models.JSONField(help_text="what of the pool they depend on, to see whether it has changed")

    def __str__(self) -> str:
        return f"{self.pool_id} at {self.counted_at}"
