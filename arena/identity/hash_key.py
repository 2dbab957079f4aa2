"""The key for all keyed hashes. A migration creates it in the database, and each process loads it once.

It is separate from SECRET_KEY because operators can change SECRET_KEY, but pseudonyms must not change. After a process
has loaded the key, it can compute hashes even if the database is unavailable.
"""

import hashlib
import hmac

from arena.models import HashKey

_key: bytes | None = None


def load_key() -> bytes:
    """Return the key (32 bytes). Raises OperationalError if it is not loaded yet and the database is unavailable."""
    global _key  # noqa: PLW0603  # one key per process, which never changes
    if _key is None:
        _key = bytes(HashKey.objects.get().key)
    return _key


def compute_hmac(message: str) -> str:
    """Return the HMAC-SHA256 of a message as 64 hexadecimal digits. Raises OperationalError like `load_key`."""
    return hmac.new(load_key(), message.encode(), hashlib.sha256).hexdigest()
