"""Renders models' Markdown as safe HTML. Raw HTML is escaped, and only allowed elements remain.

Rendering time is limited. Answers that are too long or too complex are rendered as plain text, and long code is not
highlighted. If an answer was stopped or cut off, a notice follows it.
"""

import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments.lexers import get_all_lexers
from pygments.token import STANDARD_TYPES

from arena.answers import math_markup
from arena.answers.code_colors import CodeHighlighter
from arena.answers.link_hosts import show_hosts

ALLOWED_TAGS = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td", "a", "hr", "span", "div",
}  # fmt: skip
MAX_LENGTH = 64_000
COSTLY_MARKS = "[*_`~<&|>$\\\n\r"  # each of these can make the parser try a rule
MAX_MARKS = 8_000
MAX_TABLE_CELLS = 5_000  # including the missing cells of short rows, which the parser adds
MAX_NESTING = 20
CELL_ALIGNMENTS = {"right", "center"}  # cells with no class follow the text direction
# The heading level above an answer. Headings in answers must not skip a level, because that confuses screen readers.
BASE_HEADING_LEVEL = 2
CACHE_SIZE = 128  # rendered answers
MAX_HIGHLIGHTED_LENGTH = 10_000  # characters of code in one answer
LANGUAGES = {
    "bash", "c", "clojure", "cmake", "cpp", "csharp", "css", "dart", "diff", "docker", "elixir", "go", "graphql",
    "groovy", "haskell", "html", "java", "javascript", "json", "julia", "jsx", "kotlin", "lua", "make", "nginx",
    "objective-c", "perl", "php", "postgresql", "powershell", "protobuf", "pycon", "python", "ruby", "rust",
    "scala", "scss", "splus", "sql", "swift", "tex", "toml", "tsx", "typescript", "xml", "yaml", "zig",
}  # fmt: skip
LANGUAGE_ALIASES = {
    alias: names[0]
    for _, names, _, _ in get_all_lexers(plugins=False)
    if LANGUAGES.intersection(names[:1])
    for alias in names
}
RULER_CHARACTERS = " \t>*+-0123456789.)|:"
CELL_BORDER = re.compile(r"(?<!\\)\|")
RULER_CELL = re.compile(r" *:?-+:? *")
LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_highlighter = CodeHighlighter()
logger = logging.getLogger(__name__)


def _parse_line_break(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # the parser passes it by position
    """Parse `<br>`. Models often write it in table cells, where Markdown has no other line break."""
    match = LINE_BREAK.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True


def _fit_ruler(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001  # by position
    """Make a table's delimiter row (its ruler) as long as its header, and leave the table to the next rule.

    Models often write too many or too few columns. The browser renders these tables while the answer streams. Without
    this rule, the finished answer would show their Markdown source instead. The new ruler is appended to the source,
    because inserting it would move all other lines.
    """
    ruler = start + 1
    is_in_block = ruler < end and state.sCount[ruler] >= state.blkIndent
    if not is_in_block or state.is_code_block(start) or state.is_code_block(ruler):
        return False
    columns = _split_cells(math_markup.get_line(state, start))
    cells = _split_cells(math_markup.get_line(state, ruler))
    if columns and cells and len(cells) != len(columns) and all(map(RULER_CELL.fullmatch, cells)):
        fitted_cells = [*cells, *["-"] * len(columns)][: len(columns)]
        line = f"|{'|'.join(fitted_cells)}|"
        state.src += f"\n{line}"
        state.tShift[ruler] = 0
        state.bMarks[ruler] = len(state.src) - len(line)
        state.eMarks[ruler] = len(state.src)
    return False


def _split_cells(line: str) -> list[str]:
    """Return the cells of a line that begins with "|", or an empty list."""
    text = line.strip()
    return CELL_BORDER.split(text.removesuffix("|"))[1:] if text.startswith("|") else []


_parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": MAX_NESTING})
_parser.enable(["table", "strikethrough"]).disable(["image"])
_parser.inline.ruler.before("autolink", "line_break", _parse_line_break)
_parser.add_render_rule("table_open", lambda *_: '<div class="table"><table>\n')
_parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
math_markup.enable_math(_parser)
_parser.block.ruler.before("table", "uneven_table", _fit_ruler, {"alt": ["paragraph", "reference"]})
_cleaner = nh3.Cleaner(
    tags=ALLOWED_TAGS,
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
    },
    # No other classes, so that an answer cannot imitate parts of the page.
    allowed_classes={
        "code": {f"language-{name}" for name in LANGUAGES},
        "span": {*filter(None, STANDARD_TYPES.values()), "host", "math", "math-display"},
        "div": {"table"},
        **dict.fromkeys(("th", "td"), CELL_ALIGNMENTS),
    },
    # Elements that scroll sideways need keyboard focus. Lists and quotes take their direction from their text, so that
    # their markers are on the side where the text starts.
    set_tag_attribute_values={
        **{tag: {"tabindex": "0"} for tag in ("pre", "div")},
        **{tag: {"dir": "auto"} for tag in ("ul", "ol", "blockquote", "table")},
    },
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow ugc",
)


@lru_cache(maxsize=CACHE_SIZE)
def render_markdown(text: str) -> str:
    """Return the sanitized HTML of an answer. If rendering fails or would take too long, return it as plain text."""
    try:
        is_simple = len(text) <= MAX_LENGTH and sum(map(text.count, COSTLY_MARKS)) <= MAX_MARKS
        return _render_html(text) if is_simple and _count_cells(text) <= MAX_TABLE_CELLS else _render_plain(text)
    except Exception:  # an answer that cannot be rendered must not block its battle
        logger.exception("An answer of %s characters could not be rendered", len(text))
        return _render_plain(text)


def render_answer(text: str, *, stopped: bool, cut: bool) -> str:
    """Return the sanitized HTML of an answer, followed by a notice if it was stopped or cut off.

    The notice has the class `ended`, which Markdown cannot produce.

    stopped: whether the voter stopped the answer. Takes precedence over `cut`.
    cut: whether the answer reached a length limit
    """
    html = render_markdown(text)
    if stopped or cut:
        html += format_html('<p class="ended">{}</p>', _("Stopped.") if stopped else _("Cut off at the length limit."))
    return html


def _render_plain(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _count_cells(text: str) -> int:
    """Return an upper bound on the number of table cells. Lines between a table's ruler and a blank line are rows."""
    cells = 0
    columns = 0
    previous_line = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if "|" in line and not line.strip(RULER_CHARACTERS):
            columns = max(columns, line.count("|") + 1, previous_line.count("|") + 1)
        elif not line.strip():
            columns = 0
        cells += columns
        previous_line = line
    return cells


def _render_html(text: str) -> str:
    tokens = _parser.parse(text)
    # The parser omits all text after lists and quotes that are nested this deeply.
    if any(token.level >= MAX_NESTING - 1 and token.type in ("list_item_open", "blockquote_open") for token in tokens):
        return _render_plain(text)
    _adapt_tokens(tokens)
    blocks = [(token.info, token.content) for token in tokens if token.type == "fence" and token.info]
    is_short = sum(len(code) for _, code in blocks) <= MAX_HIGHLIGHTED_LENGTH
    colored = _highlighter.highlight(blocks) if blocks and is_short else {}
    options: Any = {**_parser.options, "highlight": lambda code, language, _: colored.get((language, code), "")}
    return _cleaner.clean(_parser.renderer.render(tokens, OptionsDict(options), {}))


def _adapt_tokens(tokens: Iterable[Token]) -> None:
    """Adapt heading levels, cell alignments, link hosts, and code languages to the page."""
    level = BASE_HEADING_LEVEL
    for token in tokens:
        if token.type == "heading_open":
            level = min(6, int(token.tag[1]) + BASE_HEADING_LEVEL, level + 1)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        elif token.type in ("th_open", "td_open"):
            alignment = str(token.attrs.pop("style", "")).removeprefix("text-align:")
            if alignment in CELL_ALIGNMENTS:
                token.attrs["class"] = alignment
        elif token.type == "inline":
            token.children = show_hosts(token.children or [])
        elif token.type == "fence":
            first_word = "".join(token.info.split()[:1])
            token.info = LANGUAGE_ALIASES.get(first_word.lower(), "")
