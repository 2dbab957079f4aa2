"""Formulas are recognized, prices are not mistaken for them, and no text takes long."""

import gc
import time

import pytest
from markdown_it import MarkdownIt

from arena.answers import math_markup
from arena.answers.markdown import MAX_LENGTH, MAX_MARKS, render_markdown


def spelled(html):
    """`«x»` marks the formula x within a line, `⟦x⟧` a displayed one."""
    html = html.replace("«", '<span class="math">').replace("⟦", '<span class="math math-display">')
    return html.replace("»", "</span>").replace("⟧", "</span>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$x$", "«x»"),
        ("Is $2^n$, then.", "Is «2^n», then."),
        ("($a$) -$b$-", "(«a») -«b»-"),
        (r"$a\$b$", r"«a\$b»"),
        ("$a\nb$", "«a\nb»"),
        (r"\(a_1 * b_2 * c\)", "«a_1 * b_2 * c»"),
        (r"\( x \)", "«x»"),
        (r"\[x \\[2pt] y\]", r"⟦x \\[2pt] y⟧"),
        (r"so $$\frac12$$, and", r"so ⟦\frac12⟧, and"),
        ("$$a$b$$", "⟦a$b⟧"),
        ("$<b>&x$", "«&lt;b&gt;&amp;x»"),
        ("**$x*y*z$**", "<strong>«x*y*z»</strong>"),
        ("`$x$`", "<code>$x$</code>"),
        ("`$`x$", "<code>$</code>x$"),
        (r"\\(x\\)", r"\(x\)"),
        (r"\$x$", "$x$"),
        (r"\(\)", "()"),
        ("$$ $$", "$$ $$"),
        ("a $ b $ c", "a $ b $ c"),
        ("$5 and $10", "$5 and $10"),
        ("from $5–$10, US$5, 5$ or 6$", "from $5–$10, US$5, 5$ or 6$"),
        ("cheap ($), good ($$), best ($$$).", "cheap ($), good ($$), best ($$$)."),
        ("from $$ – $$$ or $$$ – $$", "from $$ – $$$ or $$$ – $$"),
        ("$HOME:$PATH", "$HOME:$PATH"),
    ],
)
def test_formulas_in_a_line(text, html):
    assert render_markdown(text) == spelled(f"<p>{html}</p>\n")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$$\nx\n$$", "<p>⟦x⟧</p>\n"),
        ("\\[\nx \\\\[2pt]\ny\n\\]", "<p>⟦x \\\\[2pt]\ny⟧</p>\n"),
        ("$$ a\n+ b\n- c\n# d $$", "<p>⟦a\n+ b\n- c\n# d⟧</p>\n"),
        ("So:\n$$\nx\n$$\nthen", "<p>So:</p>\n<p>⟦x⟧</p>\n<p>then</p>\n"),
        ("> $$\n> a\n> - b\n> $$", '<blockquote dir="auto">\n<p>⟦a\n- b⟧</p>\n</blockquote>\n'),
        ("- so\n\n  $$\n  a\n  $$", '<ul dir="auto">\n<li>\n<p>so</p>\n<p>⟦a⟧</p>\n</li>\n</ul>\n'),
        ("    $$\n    a\n    $$", '<pre tabindex="0"><code>$$\na\n$$\n</code></pre>\n'),
        ("$$\na\n\nb\n$$", "<p>$$<br>\na</p>\n<p>b<br>\n$$</p>\n"),
        ("- $$\n- a $$", '<ul dir="auto">\n<li>$$</li>\n<li>a $$</li>\n</ul>\n'),
        ("$$\na $$ b\n", "<p>⟦a⟧ b</p>\n"),
        ("$$\na", "<p>$$<br>\na</p>\n"),
    ],
)
def test_formulas_of_several_lines(text, html):
    assert render_markdown(text) == spelled(html)


PIECES = (
    *("$a", "$ ", "$a ", "$a$", "$a$ ", "$$", "$$a", "$$a ", "$$a$", "$$a$$ ", "$\\", r"\$", r"$\$", r"$$\$", r"$\ "),
    *(r"\(", r"\(a", r"\(a\)", r"\[a", r"\\[a", r"\[ \(", "[$a](", "`$", "*$a*$", "|$a", "<br>$", "$$ $", r"\a$$"),
    *("$$a\n", "$$\n\n", "$$a\n# x\n", "$$a\n$ b\n", "- $$a\n", "> $$a\n", "1. $$\n", "- $$a\n\n", "- - - - $$a\n"),
    *("\\[a\n", "\\[a\n# x\n", "- \\[a\n", "> \\[ b\n", "\\[\\\\[a\n"),
)


def seconds(text):
    parser = MarkdownIt("commonmark", {"maxNesting": 20})
    math_markup.enable_math(parser)
    gc.disable()  # scanning the heap of a whole test run takes longer than any text
    try:
        began = time.thread_time()
        parser.render(text)
        return time.thread_time() - began
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_formulas_without_end_take_time_in_proportion_to_the_text(piece):
    """Several times the limit of an answer. If time were quadratic, four times the text would take 16 times as long."""
    marks = max(1, sum(map(piece.count, "$\\\n")))
    number = min(MAX_LENGTH // len(piece), 2 * MAX_MARKS // marks)

    assert seconds(piece * number) < 8 * seconds(piece * (number // 4)) + 0.1
