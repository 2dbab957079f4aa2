"""Connections of the database in asynchronous views."""

import pytest
from django.db import connection, connections

from arena.connections import let_go
from arena.models import Voter
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


async def test_look_gives_its_result_and_keeps_no_connection(in_database):
    await in_database(factories.voter)
    seen = []

    def look(offset, *, factor):
        count = Voter.objects.count()
        seen.append(connections["default"])
        return (count + offset) * factor

    assert await let_go(look)(1, factor=10) == 20
    assert seen[0] is not connection
    assert seen[0].connection is None


async def test_look_that_fails_keeps_none_either():
    seen = []

    def look():
        Voter.objects.count()
        seen.append(connections["default"])
        raise LookupError

    with pytest.raises(LookupError):
        await let_go(look)()
    assert seen[0].connection is None
