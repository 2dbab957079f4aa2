"""What may be asked, and said about the answers."""

from arena.errors import bad
from arena.models import SIDES

LONGEST_PROMPT = 32_000
LONGEST_COMMENT = 4_000
LONGEST_REASON = 40
MOST_REASONS = 20


def check_prompt(prompt: object) -> None:
    """Raises Refusal 400 for anything but a text of 1 to 32,000 characters that can be stored."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise bad("prompt", "Write a question first.")
    if not _is_clean(prompt):
        raise bad("prompt", "The question holds characters that are no text.")
    if len(prompt) > LONGEST_PROMPT:
        raise bad("prompt", f"The question is longer than {LONGEST_PROMPT:,} characters.")


def check_opinion(reasons: object, comment: object) -> None:
    """Raises Refusal 400 for reasons that are not lists of short words per side, or a comment that is no text."""
    if reasons is not None and not (isinstance(reasons, dict) and all(map(_is_reasons, reasons.items()))):
        raise bad("reasons", "The reasons are lists of short texts for the sides a and b.")
    if comment is not None and not (
        isinstance(comment, str) and len(comment) <= LONGEST_COMMENT and _is_clean(comment)
    ):
        raise bad("comment", f"The comment is a text of at most {LONGEST_COMMENT:,} characters.")


def _is_reasons(item: tuple[object, object]) -> bool:
    side, words = item
    return (
        side in SIDES
        and isinstance(words, list)
        and len(words) <= MOST_REASONS
        and all(isinstance(word, str) and len(word) <= LONGEST_REASON and _is_clean(word) for word in words)
    )


def _is_clean(text: str) -> bool:
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
