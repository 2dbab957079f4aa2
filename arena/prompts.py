"""What may be asked."""

from arena.errors import bad

LONGEST_PROMPT = 32_000


def check_prompt(prompt: object) -> None:
    """Raises Refusal 400 for anything but a text of 1 to 32,000 characters that can be stored."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise bad("prompt", "Write a question first.")
    if "\x00" in prompt or not _is_text(prompt):
        raise bad("prompt", "The question holds characters that are no text.")
    if len(prompt) > LONGEST_PROMPT:
        raise bad("prompt", f"The question is longer than {LONGEST_PROMPT:,} characters.")


def _is_text(prompt: str) -> bool:
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return False
    return True
