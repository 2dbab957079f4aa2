"""Reduces text to its visible words, and finds names in any spelling."""

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
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
# A mark before a blank or a quote ends a sentence, and `;` and full-width marks always do. So does a line break, unless
# only blanks and marks of quoted lines separate it from the next word.
SENTENCE_END = re.compile(r"[.!?…][\s\"'*_`)\]]|[;。！？]|\n(?![ \t>]*\Z)")  # noqa: RUF001  # full-width marks are meant
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
    """Text that has been split into words.

    visible: the visible text, with its capitals and punctuation
    words: the folded words, one for each match of `WORD` in `visible`
    """

    visible: str
    words: list[str]

    @cached_property
    def squeezed(self) -> str:
        """The folded words, joined with no spaces."""
        return "".join(self.words)

    # The properties below are needed only for texts that contain a name, and most texts contain none.

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The (start, end) of each word in `visible`, followed by the end of `visible`."""
        end = len(self.visible)
        return [*(match.span() for match in WORD.finditer(self.visible)), (end, end)]

    @cached_property
    def starts(self) -> list[int]:
        """The start of each word in `squeezed`, followed by the length of `squeezed`."""
        return list(accumulate(map(len, self.words), initial=0))

    def gap(self, index: int) -> str:
        """Return the visible text between word `index` - 1 and word `index`."""
        begin = self.spans[index - 1][1] if index else 0
        return self.visible[begin : self.spans[index][0]]

    def slice_visible(self, first: int, last: int) -> str:
        """Return the visible text from word `first` up to the start of word `last`, or up to the end of the text."""
        return self.visible[self.spans[first][0] : self.spans[min(last, len(self.words))][0]]

    def visible_word(self, index: int) -> str:
        begin, end = self.spans[index]
        return self.visible[begin:end]

    def words_before(self, index: int, limit: int) -> list[str]:
        """Return up to `limit` words before word `index` in the same sentence."""
        first = index
        while first > 0 and index - first < limit and not SENTENCE_END.search(self.gap(first)):
            first -= 1
        return self.words[first:index]

    def words_after(self, index: int, limit: int) -> list[str]:
        """Return up to `limit` words from word `index` to the next end of a sentence, which can be just before it."""
        last = index
        while last < len(self.words) and last - index < limit and not SENTENCE_END.search(self.gap(last)):
            last += 1
        return self.words[index:last]


@dataclass(frozen=True)
class NameMatch:
    """A name in the text. It consists of the words from `first` up to, but not including, `last`."""

    name: str
    first: int
    last: int
    is_spelled_out: bool  # letter by letter, such as "G P T"


def tokenize_text(text: str) -> TokenizedText:
    visible = _strip_invisible(text)
    # Folding all words at once is much faster than folding each one. No word contains or becomes a line break.
    folded = fold_word("\n".join(WORD.findall(visible)))
    return TokenizedText(visible, folded.split("\n") if folded else [])


def fold_word(word: str) -> str:
    """Return the word in lower case, with lookalikes replaced by Latin letters."""
    folded = word.casefold()
    return folded if folded.isascii() else folded.translate(LOOKALIKES)


def squeeze_text(text: str) -> str:
    """Return the folded words of the text, joined without spaces."""
    return tokenize_text(text).squeezed


def squeeze_names(names: str) -> frozenset[str]:
    return frozenset(map(squeeze_text, names.split()))


def _strip_invisible(text: str) -> str:
    """Return the text without invisible characters, accents, and inline tags, and with link targets at the end."""
    text = INLINE_TAG.sub("", HTML_ENTITY.sub(lambda match: html.unescape(match[0]), text))
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        visible = "".join(c for c in decomposed if c.isascii() or unicodedata.category(c) not in INVISIBLE_CATEGORIES)
        text = unicodedata.normalize("NFC", visible)
    targets = LINK_TARGET.findall(text)
    return "\n".join((LINK_TARGET.sub("", text), *targets)) if targets else text


def iter_name_matches(text: TokenizedText, names: Iterable[str]) -> Iterator[NameMatch]:
    """Yield every occurrence of the names in the text, even if a name is inflected, split into pieces, or spelled out.

    names: squeezed names (see `squeeze_text`)
    """
    squeezed = text.squeezed
    for name in [each for each in names if each in squeezed]:  # most texts contain no name
        start = squeezed.find(name)
        while start >= 0:
            if match := _match_name(text, name, start):
                yield match
            start = squeezed.find(name, start + 1)


def _match_name(text: TokenizedText, name: str, start: int) -> NameMatch | None:
    """Return the match of a name at `start` in the squeezed text, or None if the words there do not form the name."""
    end = start + len(name)
    first = bisect_left(text.starts, start)
    if text.starts[first] != start:
        return None
    last = bisect_left(text.starts, end)
    ending = text.squeezed[end : text.starts[last]]
    # Only the plural "s" can inflect a short name.
    can_inflect = ending == "s" or (ending in INFLECTION_ENDINGS and len(name) > SHORT_NAME_LENGTH + 1)
    if ending and not can_inflect:
        return None
    pieces = range(first, last)
    is_short = len(name) <= SHORT_NAME_LENGTH
    is_spelled_out = len(pieces) >= SHORT_NAME_LENGTH and all(len(text.words[piece]) == 1 for piece in pieces)
    if all(_can_join(text.gap(piece), is_spelled_out=is_spelled_out, is_short=is_short) for piece in pieces[1:]):
        return NameMatch(name, first, last, is_spelled_out)
    return None


def _can_join(gap: str, *, is_spelled_out: bool, is_short: bool) -> bool:
    """Return whether the text between two pieces of a name allows them to be joined."""
    if len(gap) > 2 * MAX_GAP_LENGTH:
        return False
    core = gap.translate(DROPPED_MARKS)
    if is_spelled_out:
        return len(core) <= MAX_GAP_LENGTH
    if is_short:
        return core in ("", "-")
    return len(core) <= MAX_GAP_LENGTH and set(core) <= SEPARATORS and not SENTENCE_END.search(core)
