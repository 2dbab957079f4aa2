"""Creates rows for tests, with one small function per model. Fields that a test does not set are filled in."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from django.db import connection, transaction

from arena.models import LIVE_SLUG, Battle, Contestant, Endpoint, Pool, Vote, Voter, get_or_create_plain
from arena.signals import vote_cast
from catalog.models import LanguageModel, License, Organization
from ratings.models import OVERALL_CATEGORY, Board, Category, Outbox
from ratings.pipeline.tallies import TallyChanges, apply_outbox

_numbers = itertools.count(1)
Side: TypeAlias = LanguageModel | Contestant  # what plays: a model stands for its plain contestant
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)  # old enough for the public record


def organization(name: str = "", **fields: Any) -> Organization:
    name = name or f"Organization {next(_numbers)}"
    slug = name.lower().replace(" ", "-")
    return Organization.objects.get_or_create(name=name, defaults={"slug": slug, **fields})[0]


def license(name: str = "Apache-2.0", **fields: Any) -> License:  # noqa: A001  # what it makes
    slug = name.lower().replace(".", "-").replace(" ", "-")
    return License.objects.get_or_create(name=name, defaults={"slug": slug, **fields})[0]


def model(slug: str = "", **fields: Any) -> LanguageModel:
    if slug:
        return LanguageModel.objects.get_or_create(slug=slug, defaults={"name": slug.title(), **fields})[0]
    slug = f"model-{next(_numbers):03}"
    return LanguageModel.objects.create(slug=slug, **{"name": slug.title(), **fields})  # 1 statement instead of 4


def models(count: int) -> list[LanguageModel]:
    return [model() for _ in range(count)]


def contestant(of: Side | str = "") -> Contestant:
    """Return the contestant, or the plain one of the model or of its slug, which is created if it is missing."""
    if isinstance(of, Contestant):
        return of
    if isinstance(of, str):
        of = model(of)
    plain = get_or_create_plain([of.pk])[of.pk]
    plain.model = of
    return plain


def contestants(count: int) -> list[Contestant]:
    return [contestant() for _ in range(count)]


def fighter(of: Side | str = "", **fields: Any) -> Contestant:
    """Return the plain contestant of the model, with a new endpoint. The fields are those of either."""
    created = contestant(of)
    names = {field.name for field in Contestant._meta.fields}
    own = {name: fields.pop(name) for name in names & fields.keys()}
    created.endpoint = Endpoint.objects.create(**{"kind": "echo", "upstream_id": created.slug, **fields})
    for name, value in own.items():
        setattr(created, name, value)
    created.save()
    return created


def variant(of: Contestant | None = None, slug: str = "", **fields: Any) -> Contestant:
    """Return a variant of the contestant's model, which shares its endpoint."""
    of = of or fighter()
    slug = slug or f"{of.slug}-variant-{next(_numbers)}"
    shared = {"model": of.model, "endpoint": of.endpoint, "name": slug.title()}
    return Contestant.objects.create(slug=slug, **shared | fields)


def endpoint(of: Side | str = "", **fields: Any) -> Endpoint:
    return fighter(of, **fields).endpoint


def voter(**fields: Any) -> Voter:
    return Voter.objects.create(**fields)


def battle(contestant_a: Side | str = "", contestant_b: Side | str = "", **fields: Any) -> Battle:
    a, b = contestant(contestant_a), contestant(contestant_b)
    among = [a.pk, b.pk] if fields.get("mode") == Battle.Mode.SIDE_BY_SIDE else None
    fields = {"voter": fields.pop("voter", None) or voter(), "propensity": 0.5, "among": among, **fields}
    of_pool = pool(fields.pop("pool", LIVE_SLUG))
    return Battle.objects.create(contestant_a=a, contestant_b=b, pool=of_pool, **fields)


def vote(a: Side, b: Side, winner: str = "a", **fields: Any) -> Vote:
    """Create a stored vote without announcing it, with the network of its battle."""
    if of := fields.get("battle"):
        fields = {"network": of.network, **fields}
    if created_at := fields.get("created_at"):
        end_of_hour = (int(created_at.timestamp()) // 3600 + 1) * 3600
        fields = {"record_key": UUID(f"{end_of_hour:08x}{uuid4().hex[8:]}"), **fields}
    pair = {"contestant_a": contestant(a), "contestant_b": contestant(b)}
    of_pool = pool(fields.pop("pool", LIVE_SLUG))
    return Vote.objects.create(winner=winner, pool=of_pool, **pair, **fields)


def cast(a: Side, b: Side, winner: str = "a", **fields: Any) -> Vote:
    """Cast a vote as the arena does: stored and announced in one transaction, which can be the test's own."""
    with transaction.atomic(savepoint=False):
        stored = vote(a, b, winner, **fields)
        vote_cast.send(sender=Vote, vote=stored)
    return stored


def cast_at_once(votes: Iterable[Vote]) -> list[Vote]:
    """Store many votes and add them to the outbox. No refresh is scheduled."""
    stored = Vote.objects.bulk_create(votes)
    Outbox.objects.bulk_create(Outbox(vote=vote) for vote in stored)
    return stored


def drain_outbox() -> dict[Pool, TallyChanges]:
    """Move all waiting votes into the tallies."""
    return apply_outbox(list(Outbox.objects.values_list("vote", flat=True)))


def pool(slug: str = LIVE_SLUG, **fields: Any) -> Pool:
    """Return the pool with this slug. A missing one is created."""
    return Pool.objects.get_or_create(slug=slug, defaults={"name": slug, "kind": Pool.Kind.LIVE, **fields})[0]


def board(pool_slug: str = LIVE_SLUG, category: str = OVERALL_CATEGORY, **fields: Any) -> Board:
    category_row = Category.objects.get_or_create(slug=category, defaults={"name": category})[0]
    return Board.objects.get_or_create(pool=pool(pool_slug), category=category_row, defaults=fields)[0]


def voter_id(number: int) -> UUID:
    """Return the voter pseudonym for this number."""
    return UUID(int=number)


def let_votes_change() -> None:
    """Disable the trigger that protects votes for the rest of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # deferred constraints hold a lock on the table
        cursor.execute("ALTER TABLE arena_vote DISABLE TRIGGER arena_vote_stays")
