"""A model's Markdown as HTML that can do no harm: rendered without raw HTML, then reduced to a list of elements.

No answer may take long: what would, by its size and its marks, comes as plain text, and its code without colours.
If an answer was cut short, a last line of ours says so, on the page and in the events.
"""

import logging
import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import nh3
import pygments
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.utils import OptionsDict
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import STANDARD_TYPES

from arena.answers import math_markup
from arena.answers.link_hosts import show_hosts

ALLOWED_TAGS = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "hr", "span", "div"),
}
MAX_LENGTH = 64_000
COSTLY_MARKS = "[*_`~<&|>$\\\n\r"  # each may cost the parser a try
MAX_MARKS = 8_000
MAX_TABLE_CELLS = 5_000  # of tables; those missing in short rows are made up
MAX_NESTING = 20
CELL_ALIGNMENTS = {"right", "center"}  # where the cells of a column stand, if not where their lines begin
BASE_HEADING_LEVEL = (
    2  # of the heading above an answer; those in it follow without a gap, at which screen readers stumble
)
CACHE_SIZE = 128  # rendered answers
MAX_HIGHLIGHTED_LENGTH = 10_000  # characters of code in one answer
HIGHLIGHT_TIMEOUT_S = 0.15  # of one answer's computing time: on some texts lexers take quadratic time
LANGUAGES = {
    *("bash", "c", "clojure", "cmake", "cpp", "csharp", "css", "dart", "diff", "docker", "elixir", "go", "graphql"),
    *("groovy", "haskell", "html", "java", "javascript", "json", "julia", "jsx", "kotlin", "lua", "make", "nginx"),
    *("objective-c", "perl", "php", "postgresql", "powershell", "protobuf", "pycon", "python", "ruby", "rust"),
    *("scala", "scss", "splus", "sql", "swift", "tex", "toml", "tsx", "typescript", "xml", "yaml", "zig"),
}
LANGUAGE_ALIASES = {
    alias: names[0]
    for _, names, _, _ in get_all_lexers(plugins=False)
    if LANGUAGES.intersection(names[:1])
    for alias in names
}
FORMATTER = HtmlFormatter(nowrap=True)
LONG_BLANK_RUN = re.compile(r"\s{200}")  # on more of them one step of a lexer may take seconds
RULER_CHARACTERS = " \t>*+-0123456789.)|:"
LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
logger = logging.getLogger(__name__)


def _parse_line_break(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # so the parser calls it
    """The one piece of HTML that models write everywhere: Markdown has no other line break in the cells of tables."""
    found = LINE_BREAK.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


_parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": MAX_NESTING})
_parser.enable(["table", "strikethrough"]).disable(["image"])
_parser.inline.ruler.before("autolink", "line_break", _parse_line_break)
_parser.add_render_rule("table_open", lambda *_: '<div class="table"><table>\n')
_parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
math_markup.enable_math(_parser)
_cleaner = nh3.Cleaner(
    tags=ALLOWED_TAGS,
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
    },
    # No class of the page itself: an answer must not look like a button or a verdict.
    allowed_classes={
        "code": {f"language-{name}" for name in LANGUAGES},
        "span": {*filter(None, STANDARD_TYPES.values()), "host", "math", "math-display"},
        "div": {"table"},
        **dict.fromkeys(("th", "td"), CELL_ALIGNMENTS),
    },
    # What scrolls sideways must be reachable by keyboard; lists have their marks on the side where their lines begin.
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
    """Sanitised HTML of a whole answer; whatever cannot be rendered in good time, or at all, comes as it is."""
    try:
        return _render_html(text) if _is_renderable(text) else _render_plain(text)
    except Exception:  # a battle must not hang because of what a model wrote
        logger.exception("an answer of %s characters could not be rendered", len(text))
        return _render_plain(text)


def render_answer(text: str, *, stopped: bool, cut: bool) -> str:
    """Sanitised HTML of an answer; `stopped` by its voter comes before `cut` at a limit of length.

    The line is a `p.ended`, which no Markdown can make.
    """
    if stopped:
        return render_markdown(text) + _render_notice(_("Stopped."))
    return render_markdown(text) + _render_notice(_("Cut off at the length limit.")) if cut else render_markdown(text)


def _render_notice(words: str) -> str:
    return format_html('<p class="ended">{}</p>', words)


def _render_plain(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _is_renderable(text: str) -> bool:
    return (
        len(text) <= MAX_LENGTH
        and sum(map(text.count, COSTLY_MARKS)) <= MAX_MARKS
        and _count_cells(text) <= MAX_TABLE_CELLS
    )


def _count_cells(text: str) -> int:
    """At least as many as there are in the tables of a text: under a ruler each line is a row, up to a blank one."""
    cells = columns = 0
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if "|" in line and not line.strip(RULER_CHARACTERS):
            columns = max(columns, line.count("|") + 1)
        elif not line.strip():
            columns = 0
        cells += columns
    return cells


def _render_html(text: str) -> str:
    tokens = _parser.parse(text)
    # Inside of these the parser gives up, and leaves out what follows.
    if any(token.level >= MAX_NESTING - 1 and token.type in ("list_item_open", "blockquote_open") for token in tokens):
        return _render_plain(text)
    level = BASE_HEADING_LEVEL
    for token in tokens:
        if token.type == "heading_open":
            level = min(6, int(token.tag[1]) + BASE_HEADING_LEVEL, level + 1)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        elif token.type in ("th_open", "td_open"):
            side = str(token.attrs.pop("style", "")).removeprefix("text-align:")
            token.attrs |= {"class": side} if side in CELL_ALIGNMENTS else {}
        elif token.type == "inline":
            token.children = show_hosts(token.children or [])
        elif token.type == "fence":
            token.info = LANGUAGE_ALIASES.get("".join(token.info.split()[:1]).lower(), "")
    code = sum(len(token.content) for token in tokens if token.type == "fence")
    options: Any = {**_parser.options, "highlight": _CodeHighlighter() if code <= MAX_HIGHLIGHTED_LENGTH else None}
    return _cleaner.clean(_parser.renderer.render(tokens, OptionsDict(options), {}))


class _CodeHighlighter:
    """Colours the code of one answer, in a language that is known to be lexed well, while there is time."""

    def __init__(self) -> None:
        self.end = time.thread_time() + HIGHLIGHT_TIMEOUT_S

    def __call__(self, code: str, language: str, _: str) -> str:
        if not language or LONG_BLANK_RUN.search(code):
            return ""
        try:
            return pygments.format(self._in_time(get_lexer_by_name(language).get_tokens(code)), FORMATTER)
        except TimeoutError:
            return ""

    def _in_time(self, tokens: Iterator[Any]) -> Iterator[Any]:
        for token in tokens:
            if time.thread_time() > self.end:
                raise TimeoutError
            yield token
