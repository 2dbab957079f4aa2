"""Measures the style of answers: their length, and how much Markdown they use.

Headers, bold marks, and list items correspond to header_count, bold_count, and list_count in the public arena data
("Does style matter?", LMSYS 2024). There is one difference: code is removed first, according to Markdown's rules.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

# Scripts in which each character counts as a word: those without spaces between words (Thai, Lao, Tibetan, Burmese,
# Khmer, kana, and Han), and Hangul.
CHARACTER_COUNTED_SCRIPTS = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
LETTER_RUN = rf"[^\W_{CHARACTER_COUNTED_SCRIPTS}]++"
COUNTED_TOKEN = re.compile(
    rf"[{CHARACTER_COUNTED_SCRIPTS}]|{LETTER_RUN}(?:['’]{LETTER_RUN})*+|([^\w\s]|_)\1*+"  # noqa: RUF001  # a typographic apostrophe
)
MARK_CATEGORIES = {"Mn", "Mc", "Me", "Cf"}
CODE_FENCE = re.compile(r"[ \t]*+(`{3,}+(?=[^`]*+\Z)|~{3,}+)")
CODE_SPAN = re.compile(r"`[^`]++`")
HEADER = re.compile(r" {0,3}#{1,6}[ \t]++\S")
BOLD = re.compile(r"\*\*(?=\S)[^*]++(?<=\S)\*\*|(?<!\w)__(?=\S)[^_]++(?<=\S)__(?!\w)")
HORIZONTAL_RULE = re.compile(r"[ \t]*+([-*])[ \t]*+(?:\1[ \t]*+){2,}+\Z")
LIST_ITEM = re.compile(r"[ \t]*+(?:[-*+]|\d{1,9}+[.)])[ \t]++\S")


def compute_features(texts: Sequence[str]) -> list[float]:
    """Return [length, headers, bold marks, list items], summed over all answers of one side.

    The length is measured by `measure_length` and includes code. The other values count ATX headers, pairs of ** or __
    within a line, and ordered and unordered list items. They exclude code.
    """
    lines = [CODE_SPAN.sub("`", line) for text in texts for line in iter_prose_lines(text)]
    items = sum(bool(LIST_ITEM.match(line)) and not HORIZONTAL_RULE.match(line) for line in lines)
    headers = sum(bool(HEADER.match(line)) for line in lines)
    bold = sum(sum(1 for _ in BOLD.finditer(line)) for line in lines)
    return [float(sum(map(measure_length, texts))), float(headers), float(bold), float(items)]


def measure_length(text: str) -> int:
    """Return the number of words and punctuation marks, using the same rule for all models.

    A word is a run of letters and digits, including apostrophes between them. In Korean, and in scripts without spaces
    between words, such as Chinese or Thai, each character counts as a word. A run of the same punctuation mark counts
    once. Combining marks and whitespace do not count.
    """
    return sum(1 for _ in COUNTED_TOKEN.finditer(strip_marks(text)))


def strip_marks(text: str) -> str:
    """Remove combining marks and invisible characters from the text, because they would split words."""
    if text.isascii():
        return text
    marks = (c for c in set(text) if unicodedata.category(c) in MARK_CATEGORIES)
    return text.translate(dict.fromkeys(map(ord, marks)))


def iter_prose_lines(text: str) -> Iterator[str]:
    """Return the lines outside of fenced code blocks. As in Markdown, an unclosed block extends to the end."""
    return (line for line, fence in iter_lines_with_fence(text) if fence is None)


def iter_lines_with_fence(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield (line, fence), where `fence` is the opening line of the line's code block, or None outside of code blocks.

    Opening and closing fences belong to the block.
    """
    fence = ""
    opening_line = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        match = CODE_FENCE.match(line)
        if not fence and match:
            fence = match[1]
            opening_line = line
            yield line, opening_line
        elif fence:
            yield line, opening_line
            if match and match[1].startswith(fence) and not line[match.end() :].strip():
                fence = ""
        else:
            yield line, None
