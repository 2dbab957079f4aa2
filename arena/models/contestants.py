"""The model for contestants: what answers in battles, and what votes judge and boards rank."""

from collections.abc import Iterable
from itertools import count

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from arena.models.pools import Pool
from catalog.models import LanguageModel

# These take part in battles, unless their endpoint has failed its probes (see `arena.endpoints.circuit_breaker`).
IS_ENABLED = Q(enabled=True, retired_at=None, endpoint__isnull=False)


class Contestant(models.Model):
    """What answers and is ranked: a catalog model as it is (plain), a variant of one, or a system of its own.

    Without an endpoint, it only has votes on answers that were made elsewhere.

    Slugs are unique among shared contestants, and among those that belong to the same pool.

    A plain contestant is a catalog model as it is. A trigger of the database gives it each new name and slug of its
    model, whatever code changes them, unless another contestant has the slug.
    """

    slug = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    model = models.ForeignKey(
        LanguageModel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contestants",
        help_text="The catalog model whose facts it shares, if there is one.",
    )
    pool = models.ForeignKey(
        Pool,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="own_contestants",
        help_text="The pool to which it belongs. It is rated and shown only there. Empty: all pools share it.",
    )
    plain = models.BooleanField(default=False, help_text="Whether it is the catalog model as it is.")
    endpoint = models.ForeignKey(
        "arena.Endpoint",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contestants",
        help_text="Where it answers. Without an endpoint, its answers were made elsewhere.",
    )
    # If a setting is null, the default for all contestants applies.
    system = models.TextField(  # noqa: DJ001  # an empty text means no system prompt
        null=True, blank=True, help_text="Sent instead of the arena's system prompt."
    )
    max_tokens = models.PositiveIntegerField(null=True, blank=True)
    thinking_tokens = models.PositiveIntegerField(null=True, blank=True, help_text="In addition to max_tokens.")
    temperature = models.FloatField(null=True, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    headers = models.JSONField(default=dict, blank=True, help_text="Sent with every call, never a key.")
    conversation_field = models.CharField(
        max_length=200,
        blank=True,
        help_text="Field of the request that gets a random value, which is the same for all turns of a battle's side.",
    )
    predecessor = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="successors",
        help_text="The older contestant that this one replaces, if there is one.",
    )
    enabled = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="A retired contestant takes part in no battle.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("slug",),
                condition=Q(pool=None),
                name="contestant_slug_shared",
                violation_error_message=_("There already is a contestant with this slug."),
            ),
            models.UniqueConstraint(
                fields=("pool", "slug"),
                condition=Q(pool__isnull=False),
                name="contestant_slug_in_pool",
                violation_error_message=_("The pool already has a contestant with this slug."),
            ),
            models.UniqueConstraint(fields=("model",), condition=Q(plain=True), name="contestant_one_is_plain"),
            models.CheckConstraint(
                condition=Q(plain=False) | Q(model__isnull=False, system__isnull=True, pool__isnull=True),
                name="contestant_plain_is_model",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_enabled(self) -> bool:
        """Whether `IS_ENABLED` holds."""
        return self.enabled and self.retired_at is None and self.endpoint_id is not None


def list_contestants(pool: str = "") -> QuerySet[Contestant]:
    """Return the contestants that a pool can rank, also disabled and retired ones: the shared ones, and then its own.

    So in a dict keyed by slug, a pool's own contestants win. Without a pool, these are the shared ones.
    """
    home = Q(pool=None) | Q(pool__slug=pool) if pool else Q(pool=None)
    return Contestant.objects.filter(home).order_by(F("pool").asc(nulls_first=True), "pk")


def get_or_create_plain(models: Iterable[int]) -> dict[int, Contestant]:
    """Return the plain contestants of the catalog models with these ids, keyed by model. Missing ones are created.

    Everything that gives a model an endpoint, a vote, or a place on a board calls this. The slug is the model's, with a
    number if another contestant has it.
    """
    keys = set(models)
    plain = _load_plain(keys)
    if missing := keys - plain.keys():
        unplayed = LanguageModel.objects.filter(pk__in=missing)
        taken = set(list_contestants().filter(slug__in=unplayed.values("slug")).values_list("slug", flat=True))
        Contestant.objects.bulk_create(
            (
                Contestant(
                    slug=_number_slug(model.slug) if model.slug in taken else model.slug,
                    name=model.name,
                    model=model,
                    plain=True,
                )
                for model in unplayed
            ),
            ignore_conflicts=True,  # another process can create them at the same time
        )
        plain = _load_plain(keys)
    return plain


def find_plain(model: LanguageModel) -> Contestant | None:
    """Return the plain contestant of this model, or None if it has neither an endpoint nor a vote."""
    return Contestant.objects.filter(model=model, plain=True).first()


def _load_plain(models: set[int]) -> dict[int, Contestant]:
    return {row.model_id: row for row in Contestant.objects.filter(plain=True, model__in=models) if row.model_id}


def _number_slug(slug: str) -> str:
    """Return the slug with the first number that no shared contestant and no model has."""
    slugs = (f"{slug[:190]}-{number}" for number in count(2))
    return next(
        slug
        for slug in slugs
        if not any(rows.filter(slug=slug).exists() for rows in (list_contestants(), LanguageModel.objects.all()))
    )
