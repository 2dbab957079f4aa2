"""The size of texts, and the length that limits of conversations and questions are compared with. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TextSize:
    """The size of texts, in characters and in bytes of UTF-8."""

    characters: int = 0
    octets: int = 0

    @classmethod
    def of(cls, text: str) -> "TextSize":
        return cls(len(text), len(text.encode()))

    def __add__(self, other: "TextSize") -> "TextSize":
        return TextSize(self.characters + other.characters, self.octets + other.octets)

    @property
    def length(self) -> float:
        """What the limit bounds: characters, or half of the bytes where these are more."""
        return max(self.characters, self.octets / 2)
