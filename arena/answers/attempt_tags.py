"""Names of attempts that tell nothing: not which attempt it is, nor of which answer."""

from arena.identity import hash_key


def derive_attempt_tag(answer_id: int, attempt: int) -> str:
    """Eight characters that any process of this installation derives alike."""
    return hash_key.compute_hmac(f"attempt:{answer_id}:{attempt}")[:8]
