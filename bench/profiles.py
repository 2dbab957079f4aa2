"""Timing profiles of models for the mock and simulations. They define when the pieces of an answer arrive."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

WORDS = (
    "the a of and to in is that it for as with on by this are be at from or an model answer question number "
    "value light water city river book story music dance color time year day hand part place case week "
    "company system program group problem fact however indeed therefore which between because another "
    "naïve café Straße 東京 Привет 🙂 first, second, third. **bold** `code`"
).split(" ")


@dataclass(frozen=True)
class Profile:
    """The timing of a model's answers.

    first_s: seconds to the first token.
    rate: tokens per second after that.
    chunk: tokens per piece.
    jitter: the standard deviation of the logarithm of the gaps between pieces.
    pauses: the share of pieces that are followed by a pause of ten gaps.
    """

    first_s: float
    rate: float
    chunk: int = 1
    jitter: float = 0.0
    pauses: float = 0.0

    def schedule(self, tokens: int, random: Random) -> Iterator[tuple[float, int]]:
        """Yield the time of each piece in seconds since the request, and its number of tokens."""
        at = self.first_s * random.lognormvariate(0, self.jitter / 4)
        gap = self.chunk / self.rate
        for sent in range(0, tokens, self.chunk):
            yield at, min(self.chunk, tokens - sent)
            at += gap * random.lognormvariate(-(self.jitter**2) / 2, self.jitter) if self.jitter else gap
            if random.random() < self.pauses:
                at += 10 * gap


# Realistic profiles, from a small model on fast hardware to a large model that reasons first.
RHYTHMS = {
    "spark": Profile(0.05, 300, jitter=0.1),
    "flash": Profile(0.15, 150, chunk=4, jitter=0.3),
    "swift": Profile(0.3, 80, jitter=0.2),
    "plain": Profile(0.5, 50, jitter=0.5, pauses=0.01),
    "brick": Profile(0.8, 100, chunk=12, jitter=0.2),
    "metro": Profile(1.2, 30, jitter=0.1),
    "burst": Profile(2, 200, chunk=30, jitter=0.5),
    "stutter": Profile(4, 20, chunk=2, jitter=0.3, pauses=0.03),
    "thinker": Profile(8, 60, chunk=8, jitter=0.6),
    "sage": Profile(20, 10, jitter=0.3),
}


# Profiles for the load test: 50 tokens per second, with one token per piece.
STEADY = {f"steady-{n}": Profile(0.2 + 0.1 * n, 50) for n in range(4)}


def build_words(model: str, prompt: str, tokens: int) -> list[str]:
    """Return a model's answer to a prompt, with one word per token."""
    seed = hashlib.sha256(f"{model}\0{prompt}".encode()).digest()
    first, *rest = Random(seed).choices(WORDS, k=tokens)
    return [first, *(f" {word}" for word in rest)]
