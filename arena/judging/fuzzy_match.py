"""Text read the way a person sees it, and names found in it however they are spelled. Pure, linear in the text."""

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

INVISIBLE_CATEGORIES = {"Cf", "Mn", "Me"}
LOOKALIKES = str.maketrans(
    "аеорсухіѕјкмтвнԁԛԝαορνικτυχєᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıłøđ",
    "aeopcyxisjkmtbhdqwaopviktuxeabcdefghijklmnoprstuvwyzilod",
)
INLINE_TAG = re.compile(r"</?(?:b|i|u|s|em|strong|span|sub|sup|code|mark|small|wbr)\s?/?>", re.IGNORECASE)
HTML_ENTITY = re.compile(r"&#?\w{1,12};")
LINK_TARGET = re.compile(r"\]\(([^()\s]{0,300})\)")
SYLLABLE_RANGES = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
WORD = re.compile(rf"[{SYLLABLE_RANGES}]|\d+|[^\W\d_{SYLLABLE_RANGES}]+")
SENTENCE_END = re.compile(r"[.!?…][\s\"'*_`)\]]|[;。！？]|\n(?![ \t>]*\Z)")  # noqa: RUF001  # full-width marks end sentences too
DROPPED_MARKS = str.maketrans("", "", "*_`~[]\"'\\|<>")
SEPARATORS = set(" \t-‐–—./_:+·•")  # noqa: RUF001  # dashes of every kind
INFLECTION_ENDINGS = {
    "s", "es", "n", "en", "ns", "a", "u", "om", "em", "ie", "e", "i", "y", "in", "er", "ta", "na", "lla", "lle", "ssa",
    "sta", "ksi", "ja", "ov", "ow", "tm", "ob", "ы", "oи",
}  # fmt: skip
MAX_GAP_LENGTH = 3
SHORT_NAME_LENGTH = 3


@dataclass(frozen=True)
class TokenizedText:
    """A text as words: `seen` keeps capitals and punctuation, `words` are folded, `squeezed` is the words joined."""

    seen: str
    words: list[str]
    spans: list[tuple[int, int]]
    squeezed: str
    starts: list[int]

    def gap(self, index: int) -> str:
        """What stands between word `index` - 1 and word `index`."""
        begin = self.spans[index - 1][1] if index else 0
        return self.seen[begin : self.spans[index][0] if index < len(self.spans) else len(self.seen)]

    def between(self, first: int, last: int) -> str:
        """From word `first` to before word `last`, as seen."""
        end = self.spans[last][0] if last < len(self.spans) else len(self.seen)
        return self.seen[self.spans[first][0] : end]

    def as_seen(self, index: int) -> str:
        begin, end = self.spans[index]
        return self.seen[begin:end]

    def before(self, index: int, most: int) -> list[str]:
        """At most so many words before word `index`, of the same sentence."""
        first = index
        while first > 0 and index - first < most and not SENTENCE_END.search(self.gap(first)):
            first -= 1
        return self.words[first:index]

    def after(self, index: int, most: int) -> list[str]:
        """At most so many words from word `index` on, of the sentence to which word `index` - 1 belongs."""
        last = index
        while last < len(self.words) and last - index < most and not SENTENCE_END.search(self.gap(last)):
            last += 1
        return self.words[index:last]


@dataclass(frozen=True)
class NameMatch:
    """A name in a text: the words from `first` to before `last`; `spelled` out letter by letter or not."""

    name: str
    first: int
    last: int
    spelled: bool


def tokenize_text(text: str) -> TokenizedText:
    seen = _strip_invisible(text)
    spans = [found.span() for found in WORD.finditer(seen)]
    words = [fold_word(seen[begin:end]) for begin, end in spans]
    return TokenizedText(seen, words, spans, "".join(words), list(accumulate(map(len, words), initial=0)))


def fold_word(word: str) -> str:
    folded = word.casefold()
    return folded if folded.isascii() else folded.translate(LOOKALIKES)


def squeeze_text(text: str) -> str:
    return tokenize_text(text).squeezed


def squeeze_names(names: str) -> frozenset[str]:
    return frozenset(map(squeeze_text, names.split()))


def _strip_invisible(text: str) -> str:
    """Without what does not show or only decorates: invisible characters, accents, inline tags; link targets last."""
    text = INLINE_TAG.sub("", HTML_ENTITY.sub(lambda found: html.unescape(found[0]), text))
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text)
        parts = "".join(c for c in parts if c.isascii() or unicodedata.category(c) not in INVISIBLE_CATEGORIES)
        text = unicodedata.normalize("NFC", parts)
    targets = LINK_TARGET.findall(text)
    return "\n".join((LINK_TARGET.sub("", text), *targets)) if targets else text


def iter_name_matches(text: TokenizedText, names: Iterable[str]) -> Iterator[NameMatch]:
    """Where squeezed `names` stand in a text as words of their own, inflected, cut into pieces or spelled out."""
    for name in names:
        at = text.squeezed.find(name)
        while at >= 0:
            if spot := _match_name(text, name, at):
                yield spot
            at = text.squeezed.find(name, at + 1)


def _match_name(text: TokenizedText, name: str, at: int) -> NameMatch | None:
    first, last = bisect_left(text.starts, at), bisect_left(text.starts, at + len(name))
    if text.starts[first] != at:
        return None
    ending = text.squeezed[at + len(name) : text.starts[last]]
    if ending and not (ending in INFLECTION_ENDINGS and len(name) > SHORT_NAME_LENGTH + 1) and ending != "s":
        return None
    pieces = range(first, last)
    spelled = len(pieces) >= SHORT_NAME_LENGTH and all(len(text.words[piece]) == 1 for piece in pieces)
    if not all(
        _can_join(text.gap(piece), spelled=spelled, short=len(name) <= SHORT_NAME_LENGTH) for piece in pieces[1:]
    ):
        return None
    return NameMatch(name, first, last, spelled)


def _can_join(gap: str, *, spelled: bool, short: bool) -> bool:
    """Whether two pieces of a name belong together across what stands between them."""
    if len(gap) > 2 * MAX_GAP_LENGTH:
        return False
    core = gap.translate(DROPPED_MARKS)
    if spelled:
        return len(core) <= MAX_GAP_LENGTH
    if short:
        return core in ("", "-")
    return len(core) <= MAX_GAP_LENGTH and set(core) <= SEPARATORS and not SENTENCE_END.search(core)
