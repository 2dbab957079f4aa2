"""Pools, and the keys of the three that every arena has. Only this module knows these keys."""

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

LIVE_POOL, API_POOL, READY_POOL = 1, 2, 3
BUILT_IN_SLUGS = {LIVE_POOL: "live", API_POOL: "api", READY_POOL: "ready"}
LIVE_SLUG = BUILT_IN_SLUGS[LIVE_POOL]


class _Kind(models.TextChoices):
    LIVE = "live"
    API = "api"
    READY = "ready"
    IMPORT = "import"
    REFERENCE = "reference"
    EVALUATION = "evaluation"


class _Visibility(models.TextChoices):
    EVERYONE = "everyone"
    INVITED = "invited", "its owner, its viewers, and operators"
    OPERATORS = "operators", "operators only"


class Pool(models.Model):
    """A set of votes that are rated together, and the battles that lead to them.

    A pool of kind `reference` has no votes. It has only boards that someone else has published.
    """

    Kind = _Kind
    Visibility = _Visibility

    slug = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    visibility = models.CharField(
        max_length=10, choices=Visibility, default=Visibility.EVERYONE, db_default=Visibility.EVERYONE
    )
    owner = models.ForeignKey("arena.Voter", models.SET_NULL, null=True, blank=True, related_name="pools")
    viewers = models.ManyToManyField(
        User, blank=True, related_name="+", help_text="Accounts that see the pool if its visibility is “invited”."
    )
    provenance = models.TextField(blank=True)
    ordered = models.BooleanField(
        default=True, help_text="Whether the order of the votes is known, which Elo requires."
    )
    paced = models.BooleanField(
        default=True, db_default=True, help_text="Whether both answers of a blind battle are shown at the same pace."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_Kind.values), name="pool_kind"),
            models.CheckConstraint(condition=Q(visibility__in=_Visibility.values), name="pool_visibility"),
            models.CheckConstraint(
                condition=Q(visibility=_Visibility.EVERYONE) | ~Q(kind__in=(_Kind.LIVE, _Kind.API, _Kind.READY)),
                name="pool_built_in_is_public",
            ),
        ]

    def __str__(self) -> str:
        return self.name


def create_built_in_pools(apps: Any, **_: Any) -> None:
    """Create the pools that every arena has. This runs after each migration, also if there was nothing to migrate."""
    try:
        pools = apps.get_model("arena", "Pool").objects
    except LookupError:  # the tables have been removed
        return
    names = {LIVE_POOL: "This arena", API_POOL: "This arena (API votes only)", READY_POOL: "Ready pairs"}
    missing = names.keys() - pools.filter(pk__in=names).values_list("pk", flat=True)
    slugs = BUILT_IN_SLUGS
    pools.bulk_create(pools.model(pk=key, slug=slugs[key], name=names[key], kind=slugs[key]) for key in sorted(missing))
