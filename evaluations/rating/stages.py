"""The stages of an evaluation after its draft: answering, open, and closed."""


def advance_all() -> None:
    """Advance every evaluation whose answers are being made."""
