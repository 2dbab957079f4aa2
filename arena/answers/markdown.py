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

TAGS = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "hr", "span", "div"),
}
LONGEST = 64_000
MARKS = "[*_`~<&|>$\\\n\r"  # each may cost the parser a try
MOST_MARKS = 8_000
MOST_CELLS = 5_000  # of tables; those missing in short rows are made up
NESTING = 20
SIDES = {"right", "center"}  # where the cells of a column stand, if not where their lines begin
LEVEL = 2  # of the heading above an answer; those in it follow without a gap, at which screen readers stumble
KEPT = 128  # rendered answers
MOST_HIGHLIGHTED = 10_000  # characters of code in one answer
HIGHLIGHT_S = 0.15  # of one answer's computing time: on some texts lexers take quadratic time
LANGUAGES = {
    *("bash", "c", "clojure", "cmake", "cpp", "csharp", "css", "dart", "diff", "docker", "elixir", "go", "graphql"),
    *("groovy", "haskell", "html", "java", "javascript", "json", "julia", "jsx", "kotlin", "lua", "make", "nginx"),
    *("objective-c", "perl", "php", "postgresql", "powershell", "protobuf", "pycon", "python", "ruby", "rust"),
    *("scala", "scss", "splus", "sql", "swift", "tex", "toml", "tsx", "typescript", "xml", "yaml", "zig"),
}
ALIASES = {
    alias: names[0]
    for _, names, _, _ in get_all_lexers(plugins=False)
    if LANGUAGES.intersection(names[:1])
    for alias in names
}
FORMATTER = HtmlFormatter(nowrap=True)
BLANKS = re.compile(r"\s{200}")  # on more of them one step of a lexer may take seconds
RULER = " \t>*+-0123456789.)|:"
LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
logger = logging.getLogger(__name__)


def _break_line(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # so the parser calls it
    """The one piece of HTML that models write everywhere: Markdown has no other line break in the cells of tables."""
    found = LINE_BREAK.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


_parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": NESTING})
_parser.enable(["table", "strikethrough"]).disable(["image"])
_parser.inline.ruler.before("autolink", "line_break", _break_line)
_parser.add_render_rule("table_open", lambda *_: '<div class="table"><table>\n')
_parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
math_markup.enable(_parser)
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
    },
    # No class of the page itself: an answer must not look like a button or a verdict.
    allowed_classes={
        "code": {f"language-{name}" for name in LANGUAGES},
        "span": {*filter(None, STANDARD_TYPES.values()), "host", "math", "math-display"},
        "div": {"table"},
        **dict.fromkeys(("th", "td"), SIDES),
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


@lru_cache(maxsize=KEPT)
def render(text: str) -> str:
    """Sanitised HTML of a whole answer; whatever cannot be rendered in good time, or at all, comes as it is."""
    try:
        return _rendered(text) if _is_moderate(text) else _plain(text)
    except Exception:  # a battle must not hang because of what a model wrote
        logger.exception("an answer of %s characters could not be rendered", len(text))
        return _plain(text)


def whole(text: str, *, stopped: bool, cut: bool) -> str:
    """Sanitised HTML of an answer; `stopped` by its voter comes before `cut` at a limit of length.

    The line is a `p.ended`, which no Markdown can make.
    """
    if stopped:
        return render(text) + _line(_("Stopped."))
    return render(text) + _line(_("Cut off at the length limit.")) if cut else render(text)


def _line(words: str) -> str:
    return format_html('<p class="ended">{}</p>', words)


def _plain(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _is_moderate(text: str) -> bool:
    return len(text) <= LONGEST and sum(map(text.count, MARKS)) <= MOST_MARKS and _cells(text) <= MOST_CELLS


def _cells(text: str) -> int:
    """At least as many as there are in the tables of a text: under a ruler each line is a row, up to a blank one."""
    cells = columns = 0
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if "|" in line and not line.strip(RULER):
            columns = max(columns, line.count("|") + 1)
        elif not line.strip():
            columns = 0
        cells += columns
    return cells


def _rendered(text: str) -> str:
    tokens = _parser.parse(text)
    # Inside of these the parser gives up, and leaves out what follows.
    if any(token.level >= NESTING - 1 and token.type in ("list_item_open", "blockquote_open") for token in tokens):
        return _plain(text)
    level = LEVEL
    for token in tokens:
        if token.type == "heading_open":
            level = min(6, int(token.tag[1]) + LEVEL, level + 1)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        elif token.type in ("th_open", "td_open"):
            side = str(token.attrs.pop("style", "")).removeprefix("text-align:")
            token.attrs |= {"class": side} if side in SIDES else {}
        elif token.type == "inline":
            token.children = show_hosts(token.children or [])
        elif token.type == "fence":
            token.info = ALIASES.get("".join(token.info.split()[:1]).lower(), "")
    code = sum(len(token.content) for token in tokens if token.type == "fence")
    options: Any = {**_parser.options, "highlight": _Colours() if code <= MOST_HIGHLIGHTED else None}
    return _cleaner.clean(_parser.renderer.render(tokens, OptionsDict(options), {}))


class _Colours:
    """Colours the code of one answer, in a language that is known to be lexed well, while there is time."""

    def __init__(self) -> None:
        self.end = time.thread_time() + HIGHLIGHT_S

    def __call__(self, code: str, language: str, _: str) -> str:
        if not language or BLANKS.search(code):
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
