"""Test clients with different addresses."""

from django.test import AsyncClient


class Elsewhere(AsyncClient):
    """A client whose requests come from a different address than those of other tests."""

    address = ""

    def _base_scope(self, **request):
        return super()._base_scope(**request) | {"client": [self.address, 1]}


def of_address(address):
    client = Elsewhere()
    client.address = address
    return client
