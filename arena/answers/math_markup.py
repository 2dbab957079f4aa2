r"""Finds formulas in Markdown: `$…$`, `$$…$$`, `\(…\)`, and `\[…\]`. Their TeX code is typeset in the browser.

Each pattern stops at the next mark that could begin a formula of its kind, so parsing takes linear time. The
mdit-py-plugins rules scan from each mark to the end of the text, which takes quadratic time on hostile text.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# Dollar signs in prices do not delimit formulas: "$5 and $10", "US$5", "5$", "cheap ($) or not ($$$)".
INLINE_FORMULA = re.compile(
    r"""
      (?<! \$ ) \$\$ (?! [$),.;:] ) (?= [^$\w\\]*+ [\w\\] ) ( (?: [^$\\] | \\. | \$(?!\$) )++ ) \$\$ (?! \$ )
    | (?<! [\w$] ) \$ (?! [\s$] ) ( (?: [^$\\] | \\. )++ ) (?<! \s ) \$ (?! [\w$] )
    | \\\( ( (?: [^\\] | \\[^()] )++ ) \\\)
    | \\\[ ( (?: [^\\] | \\[^\[\]] )++ ) \\\]
    """,
    re.DOTALL | re.VERBOSE,
)
DISPLAY_DELIMITERS = {"$$": "$$", "\\[": "\\]"}
DELIMITER_PATTERNS = {"$$": re.compile(r"\$\$"), "\\[": re.compile(r"(?<!\\)\\[\[\]]")}


def enable_math(parser: MarkdownIt) -> None:
    """Make the parser render inline formulas as `span.math`, and display formulas as `span.math.math-display`."""
    parser.inline.ruler.before("escape", "math", _parse_inline)
    parser.block.ruler.before(
        "fence", "math_block", _parse_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.add_render_rule("math", _render_formula)
    parser.add_render_rule("math_block", _render_block)


def _parse_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # the parser passes it by position
    match = INLINE_FORMULA.match(state.src, state.pos) if state.src[state.pos] in "$\\" else None
    if not match:
        return False
    if not silent:
        token = state.push("math", "span", 0)
        token.content = match[match.lastindex or 0]
        token.markup = state.src[state.pos : state.pos + 2]
    state.pos = match.end()
    return True


def _parse_block(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001  # the parser passes it by position
    """Parse a display formula. Lines in the formula that begin with "- " are not list items."""
    opening = get_line(state, first)[:2]
    last = _find_last_line(state, first, end, opening)
    if last is None:
        return False
    if not silent:
        token = state.push("math_block", "span", 0)
        token.content = state.getLines(first, last + 1, state.sCount[first], keepLastLF=False).strip()[2:-2]
        token.markup = opening
        token.map = [first, last + 1]
    state.line = last + 1
    return True


def _find_last_line(state: StateBlock, first: int, end: int, opening: str) -> int | None:
    """Return the number of the line that closes the formula, or None if there is no formula."""
    if (
        opening not in DISPLAY_DELIMITERS
        or state.is_code_block(first)
        or DELIMITER_PATTERNS[opening].search(get_line(state, first), 2)
    ):
        return None
    for number in range(first + 1, end):
        if state.isEmpty(number) or state.sCount[number] < state.blkIndent:
            return None
        line = get_line(state, number)
        if delimiter := DELIMITER_PATTERNS[opening].search(line):
            return number if line[delimiter.start() :].rstrip() == DISPLAY_DELIMITERS[opening] else None
    return None


def get_line(state: StateBlock, number: int) -> str:
    """Return a line without its indentation and its line break."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _render_formula(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    css_class = "math math-display" if token.markup in DISPLAY_DELIMITERS else "math"
    return f'<span class="{css_class}">{escape(token.content.strip())}</span>'


def _render_block(*arguments: Any) -> str:
    return f"<p>{_render_formula(*arguments)}</p>\n"
