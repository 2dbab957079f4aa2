"""The key of all keyed hashes: made once by the migrations, kept in the database, read once by each process.

It is not SECRET_KEY, which an operator may change at any time: pseudonyms have to outlast that. A process that has not
read it yet needs the database; a process that has hashes on while the database is away.
`arena.identity.voters.voter_middleware` has it read before an asynchronous view may ask for it, since those may not
wait for the database."""

import hashlib
import hmac

from arena.models import HashKey

_key: bytes | None = None


def is_key_loaded() -> bool:
    return _key is not None


def load_key() -> bytes:
    """The key, 32 bytes. Raises OperationalError while the database is away."""
    global _key  # noqa: PLW0603  # one per process, and never another one
    if _key is None:
        _key = bytes(HashKey.objects.get().key)
    return _key


def compute_hmac(message: str) -> str:
    """64 characters of hex that only this installation can compute. Raises OperationalError as `load_key` does."""
    return hmac.new(load_key(), message.encode(), hashlib.sha256).hexdigest()
