"""A model's Markdown as HTML that can do no harm: rendered without raw HTML, then reduced to a list of elements."""

from typing import Any

import nh3
from django.utils.html import escape
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

TAGS = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "hr", "span", "div"),
}
LONGEST = 64_000
MOST_HIGHLIGHTED = 5_000  # characters of code in one answer: some lexers take quadratic time
NESTING = 20
FORMATTER = HtmlFormatter(nowrap=True)


def _highlight(code: str, language: str, _: str) -> str:
    try:
        return highlight(code, get_lexer_by_name(language or "text"), FORMATTER)
    except ClassNotFound:
        return ""


def _parser(**options: Any) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING, **options})
    return parser.enable(["table", "strikethrough"]).disable(["image"])


_coloured, _plain = _parser(highlight=_highlight), _parser()
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={
        "a": {"href", "title"},
        "code": {"class"},
        "span": {"class"},
        "ol": {"start"},
        "th": set(),
        "td": set(),
    },
    # Code that scrolls sideways must be reachable by keyboard.
    set_tag_attribute_values={"pre": {"tabindex": "0"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow ugc",
)


def render(text: str) -> str:
    """Sanitised HTML of a whole answer; one too long to be parsed in good time comes as plain paragraphs."""
    if len(text) > LONGEST:
        return f"<pre>{escape(text)}</pre>"
    tokens = _plain.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    code = sum(len(token.content) for token in tokens if token.type == "fence")
    parser = _coloured if code <= MOST_HIGHLIGHTED else _plain
    return _cleaner.clean(parser.renderer.render(tokens, parser.options, {}))
