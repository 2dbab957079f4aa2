"""Pages of `GET benchmarks/`."""

import base64
from urllib.parse import urlencode

import pytest

from catalog.models import Benchmark

pytestmark = pytest.mark.django_db
CALL = "/api/v1/benchmarks/"


@pytest.fixture
def slugs():
    slugs = [f"b-{number}" for number in range(5)]
    Benchmark.objects.bulk_create(Benchmark(slug=slug, name=slug) for slug in reversed(slugs))
    return slugs


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_pages_hold_each_once_by_slug(client, slugs, size):
    path = f"{CALL}?page_size={size}"
    seen = []
    while path:
        page = client.get(path).json()
        seen += [benchmark["slug"] for benchmark in page["results"]]
        path = page["next"]
    assert seen == slugs


@pytest.mark.parametrize("position", ["\x00", "b\x00"])
def test_cursor_that_the_database_would_not_take_is_refused(client, slugs, position):
    cursor = base64.b64encode(urlencode({"p": position}).encode()).decode()
    answer = client.get(CALL, {"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
