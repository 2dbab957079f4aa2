"""Each pool has one row of counts, however it was created."""

import pytest
from django.apps.registry import Apps
from django.core.management import call_command

from arena.models import Pool
from ratings.models import PoolCounts, create_missing_counts

pytestmark = pytest.mark.django_db


def list_counts():
    return set(PoolCounts.objects.values_list("pool__slug", "revision"))


def test_built_in_pools_have_counts_from_the_start():
    assert list_counts() == {("live", 0), ("api", 0), ("ready", 0)}


@pytest.mark.parametrize("create", [Pool.objects.create, Pool.objects.get_or_create, lambda **of: Pool(**of).save()])
def test_new_pool_gets_its_counts_once(create):
    create(slug="mine", name="Mine", kind="import")
    assert ("mine", 0) in list_counts()

    PoolCounts.objects.filter(pool__slug="mine").update(revision=7)
    Pool.objects.get(slug="mine").save()

    assert [revision for slug, revision in list_counts() if slug == "mine"] == [7]


def test_a_run_of_the_migrations_creates_the_counts_that_are_missing_and_leaves_the_others():
    Pool.objects.bulk_create([Pool(slug="mine", name="Mine", kind="import")])
    PoolCounts.objects.filter(pool__slug="live").update(revision=7)
    PoolCounts.objects.filter(pool__slug="api").delete()

    call_command("migrate", verbosity=0)

    assert list_counts() == {("live", 7), ("api", 0), ("ready", 0), ("mine", 0)}


def test_counts_are_not_created_without_their_table(django_assert_num_queries):
    with django_assert_num_queries(0):
        create_missing_counts(Apps())
