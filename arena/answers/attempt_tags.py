"""Public tags of attempts. A tag reveals neither the attempt's number nor the answer's id."""

from arena.identity import hash_key


def derive_attempt_tag(answer_id: int, attempt: int) -> str:
    """Return the attempt's eight-character tag, which is the same in every process of this installation."""
    return hash_key.compute_hmac(f"attempt:{answer_id}:{attempt}")[:8]
