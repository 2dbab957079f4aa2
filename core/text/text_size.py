"""Measures text in characters and bytes, for the limits on conversations and questions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TextSize:
    """The size of text in characters and in UTF-8 bytes."""

    characters: int = 0
    octets: int = 0

    @classmethod
    def of(cls, text: str) -> "TextSize":
        return cls(len(text), len(text.encode()))

    def __add__(self, other: "TextSize") -> "TextSize":
        return TextSize(self.characters + other.characters, self.octets + other.octets)

    @property
    def length(self) -> float:
        """The length to compare with limits: the number of characters or half the bytes, whichever is greater."""
        return max(self.characters, self.octets / 2)
