"""Public names of attempts that reveal neither the number of the attempt nor its answer."""

from arena.identity import hash_key


def derive_attempt_tag(answer_id: int, attempt: int) -> str:
    """A tag of eight characters, the same in every process of this installation."""
    return hash_key.compute_hmac(f"attempt:{answer_id}:{attempt}")[:8]
