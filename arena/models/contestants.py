"""The model for contestants: what can play in battles, and what votes judge."""

from collections.abc import Iterable
from itertools import count

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from catalog.models import LanguageModel


class Contestant(models.Model):
    """What can play: a catalog model as it is, a variant of one, or a system of its own.

    A plain contestant is a catalog model as it is. A trigger of the database gives it each new name and slug of its
    model, whatever code changes them, unless another contestant has the slug.
    """

    slug = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    model = models.ForeignKey(
        LanguageModel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contestants",
        help_text="The catalog model whose facts it shares, if there is one.",
    )
    plain = models.BooleanField(default=False, help_text="Whether it is the catalog model as it is.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("model",), condition=Q(plain=True), name="contestant_one_is_plain"),
            models.CheckConstraint(
                condition=Q(plain=False) | Q(model__isnull=False), name="contestant_plain_has_model"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def get_or_create_plain(models: Iterable[int]) -> dict[int, Contestant]:
    """Return the plain contestants of the catalog models with these ids, keyed by model. Missing ones are created.

    Everything that gives a model an endpoint or a vote calls this. The slug is the model's, with a number if another
    contestant has it.
    """
    keys = set(models)
    plain = _load_plain(keys)
    if missing := keys - plain.keys():
        unplayed = LanguageModel.objects.filter(pk__in=missing)
        taken = set(Contestant.objects.filter(slug__in=unplayed.values("slug")).values_list("slug", flat=True))
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
    """Return the slug with the first number that no contestant and no model has."""
    slugs = (f"{slug[:190]}-{number}" for number in count(2))
    return next(
        slug
        for slug in slugs
        if not any(kind.objects.filter(slug=slug).exists() for kind in (Contestant, LanguageModel))
    )
