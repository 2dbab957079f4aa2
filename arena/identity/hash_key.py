"""The key of all keyed hashes. Migrations create it once in the database, and each process loads it once.

It is not SECRET_KEY: an operator may change that at any time, and pseudonyms have to outlast the change. A process that
has loaded the key can compute hashes while the database is unavailable. `arena.identity.voters.voter_middleware` loads
it before asynchronous views run, because these must not wait for the database.
"""

import hashlib
import hmac

from arena.models import HashKey

_key: bytes | None = None


def is_key_loaded() -> bool:
    return _key is not None


def load_key() -> bytes:
    """The key of 32 bytes. Raises OperationalError if it has to be loaded while the database is unavailable."""
    global _key  # noqa: PLW0603  # one per process, which never changes
    if _key is None:
        _key = bytes(HashKey.objects.get().key)
    return _key


def compute_hmac(message: str) -> str:
    """The message's HMAC-SHA256 under the key, as 64 hexadecimal digits. Raises OperationalError like `load_key`."""
    return hmac.new(load_key(), message.encode(), hashlib.sha256).hexdigest()
