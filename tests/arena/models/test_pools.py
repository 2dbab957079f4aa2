"""Every arena has the three built-in pools, and the database keeps a pool that something points at."""

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from arena.models import API_POOL, BUILT_IN_SLUGS, LIVE_POOL, READY_POOL, Pool
from arena.models.pools import create_built_in_pools
from tests import factories

pytestmark = pytest.mark.django_db


def list_pools():
    return list(Pool.objects.order_by("pk").values_list("pk", "slug", "name", "kind"))


BUILT_IN = [
    (LIVE_POOL, "live", "This arena", "live"),
    (API_POOL, "api", "This arena (API votes only)", "api"),
    (READY_POOL, "ready", "Ready pairs", "ready"),
]


def test_built_in_pools_are_there_from_the_start():
    assert list_pools() == BUILT_IN


@pytest.mark.parametrize("lost", [(), (API_POOL,), tuple(BUILT_IN_SLUGS)])
def test_a_run_of_the_migrations_creates_the_built_in_pools_that_are_missing(lost):
    Pool.objects.filter(pk__in=lost).delete()

    call_command("migrate", verbosity=0)

    assert list_pools() == BUILT_IN


def test_a_run_of_the_migrations_leaves_the_name_that_an_operator_gave():
    Pool.objects.filter(pk=LIVE_POOL).update(name="Ours")
    Pool.objects.filter(pk=API_POOL).delete()

    call_command("migrate", verbosity=0)

    names = Pool.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Ours", "This arena (API votes only)", "Ready pairs"]


def test_built_in_pools_are_not_created_without_their_table(django_assert_num_queries):
    with django_assert_num_queries(0):
        create_built_in_pools(Apps())


@pytest.mark.django_db(transaction=True)
def test_new_pool_gets_a_key_that_no_built_in_pool_has():
    """Even if it is the first one, because the keys of the built-in pools do not come from the sequence."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE arena_pool RESTART IDENTITY CASCADE")
    create_built_in_pools(apps)

    assert Pool.objects.create(slug="mine", name="Mine", kind="import").pk not in BUILT_IN_SLUGS


@pytest.mark.parametrize(
    "make", [factories.battle, lambda: factories.vote(*factories.models(2))], ids=["battle", "vote"]
)
def test_pool_with_battles_or_votes_is_not_deleted(make):
    pool = make().pool

    with pytest.raises(ProtectedError):
        pool.delete()


@pytest.mark.parametrize(("field", "value"), [("kind", "shortlist"), ("kind", ""), ("visibility", "nobody")])
def test_pool_has_a_known_kind_and_visibility(field, value):
    pool = factories.pool("mine", kind="import")
    with pytest.raises(IntegrityError, match=f"pool_{field}"), transaction.atomic():
        Pool.objects.filter(pk=pool.pk).update(**{field: value})


@pytest.mark.parametrize("visibility", ["invited", "operators"])
def test_built_in_pools_are_for_everyone(visibility):
    for slug in BUILT_IN_SLUGS.values():
        with pytest.raises(IntegrityError, match="pool_built_in_is_public"), transaction.atomic():
            Pool.objects.filter(slug=slug).update(visibility=visibility)
