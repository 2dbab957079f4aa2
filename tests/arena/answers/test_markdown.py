"""Answers of models cannot harm their readers."""

import re
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.answers import markdown
from arena.answers.markdown import (
    ALLOWED_TAGS,
    LANGUAGE_ALIASES,
    LANGUAGES,
    MAX_HIGHLIGHTED_LENGTH,
    MAX_LENGTH,
    MAX_MARKS,
    MAX_TABLE_CELLS,
    render_answer,
    render_markdown,
)
from tests.system.payloads import payloads

ALLOWED = {
    *(("a", name) for name in ("href", "title", "rel")),
    *((tag, "class") for tag in ("code", "span", "div", "th", "td")),
    *((tag, "tabindex") for tag in ("pre", "div")),
    *((tag, "dir") for tag in ("ul", "ol", "blockquote", "table")),
    ("ol", "start"),
}
CLASSES = re.compile(r"language-[a-z-]+|host|math|math math-display|table|right|center|[a-z]{1,3}\d?")


class ParsedHtml(HTMLParser):
    """The elements and the text that a browser would see in some HTML, and whether all tags are closed in order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.open, self.others = set(), [], "", [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(html):
    parsed = ParsedHtml(html)
    assert parsed.tags <= ALLOWED_TAGS
    assert {(tag, name) for tag, name, _ in parsed.attributes} <= ALLOWED
    for tag, name, value in parsed.attributes:
        if name == "href":
            address = "".join(value.split()).lower()
            assert urlsplit(address).scheme in ("http", "https", "mailto"), value
            assert not address.startswith(("javascript", "data", "vbscript"))
        if (tag, name) == ("a", "rel"):
            assert value == "noopener noreferrer nofollow ugc"
        if name == "class":
            assert CLASSES.fullmatch(value), value
    assert parsed.others == parsed.open == []
    return parsed


@pytest.mark.parametrize("payload", payloads("evil.example"))
def test_render_leaves_nothing_that_could_do_harm(payload):
    assert_harmless(render_markdown(payload))


def nested(opening, closing="", depth=10_000):
    return opening * depth + "<script>alert(1)</script>" + closing * depth


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        nested("> "),
        nested("- "),
        nested("1. "),
        nested("> - "),
        nested("**", "**"),
        nested("_a", "_"),
        nested("[", "](javascript:alert(1))", 2_000),
        nested("![", "](x)", 5_000),
        nested("<b>", "</b>", 5_000),
        nested("(", ")"),
        "\n".join(" " * depth + "- x" for depth in range(300)),
        "|" + "a|" * 2_000 + "\n|" + "-|" * 2_000 + "\n" + "x\n" * 20,
        "```\n" * 10_000,
        "`" * 30_000,
        "<" * 30_000,
        "&" * 30_000,
        "[a]: b\n" * 5_000,
    ],
    ids=lambda text: repr(text[:9]),
)
def test_render_survives_nesting_without_end(text):
    assert_harmless(render_markdown(text))


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - ", "- > "])
@pytest.mark.parametrize("depth", range(1, 30))
def test_render_loses_nothing_that_is_nested_too_deep(mark, depth):
    text = ParsedHtml(render_markdown(mark * depth + "inside\n\nbehind")).text

    assert "inside" in text
    assert "behind" in text


@pytest.mark.parametrize(
    "mark", ["[", "*", "_a", "`a", "~", "<a", "& ", "|a", "> ", "a\n", "a\r", "$", "$$a ", "\\", "\\(a"]
)
def test_render_leaves_what_is_full_of_marks_as_it_is(mark):
    """Marks that a parser tries repeatedly: brackets, emphasis, quotes, lines, formulas."""
    assert_harmless(render_markdown(mark * (MAX_LENGTH // len(mark))))
    assert render_markdown(mark * (MAX_MARKS + 1)).startswith("<pre>")


def table(columns, rows, prefix="", end="\n"):
    """A table with short rows, in a list or a quote."""
    lines = ["|a" * columns + "|", "|-" * columns + "|", *["x"] * rows]
    indent = re.sub(r"[-\d.)]", " ", prefix)
    return prefix + (end + indent).join(lines)


@pytest.mark.parametrize("prefix", ["", "> ", "- ", "1. ", "> > 12) "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_render_leaves_a_table_of_too_many_cells_as_it_is(prefix, end):
    """The parser fills up short rows: 8 kB of text became 700 kB of HTML."""
    assert render_markdown(table(500, MAX_TABLE_CELLS // 500, prefix, end)).startswith("<pre>")
    assert render_markdown(table(500, 12, prefix, end).replace("|-" * 500, "|-")).startswith("<pre>")
    for text in (table(5, 10, prefix, end), table(10, 300), table(6, 20) + "\n\n" + "A line behind it.\n" * 2_000):
        assert "td" in ParsedHtml(render_markdown(text)).tags


def test_render_of_what_fails_is_the_text_as_it_is(monkeypatch, caplog):
    monkeypatch.setattr(markdown, "_parser", None)

    assert render_markdown("*never rendered before* <b>") == "<pre>*never rendered before* &lt;b&gt;</pre>"
    assert "could not be rendered" in caplog.text
    assert "never rendered" not in caplog.records[0].getMessage()


def test_render_renders_an_answer_once():
    text = "An answer that is *looked at* again and again."
    before = render_markdown.cache_info()
    for _ in range(3):
        render_markdown(text)

    assert render_markdown.cache_info().misses - before.misses == 1
    assert render_markdown.cache_info().hits - before.hits == 2


@given(st.text(alphabet="<>&\"'`*_[]()!#-|~:\\/=\n \tascript:dtx1", max_size=200))
def test_render_makes_only_allowed_elements_of_any_text(text):
    assert_harmless(render_markdown(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello *there*, **you**", "<p>Hello <em>there</em>, <strong>you</strong></p>\n"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("~~no~~", "<p><s>no</s></p>\n"),
        ("one  \ntwo", "<p>one<br>\ntwo</p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("one<br>two<BR />three<br/>four", "<p>one<br>\ntwo<br>\nthree<br>\nfour</p>\n"),
        ("<br x><brr>", "<p>&lt;br x&gt;&lt;brr&gt;</p>\n"),
        ("`<br>`", "<p><code>&lt;br&gt;</code></p>\n"),
        ("- $x$", '<ul dir="auto">\n<li><span class="math">x</span></li>\n</ul>\n'),
        ("- a\n- b", '<ul dir="auto">\n<li>a</li>\n<li>b</li>\n</ul>\n'),
        ("3. a\n4. b", '<ol start="3" dir="auto">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("> a", '<blockquote dir="auto">\n<p>a</p>\n</blockquote>\n'),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n"),
        ("`x < y`", "<p><code>x &lt; y</code></p>\n"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", None),
        ("", ""),
    ],
)
def test_render_shows_markdown(text, html):
    rendered = render_markdown(text)

    assert html is None or rendered == html
    if html is None:
        assert {"table", "thead", "tbody", "tr", "th", "td"} <= ParsedHtml(rendered).tags
        assert rendered.startswith('<div class="table" tabindex="0"><table dir="auto">\n')


@pytest.mark.parametrize("ruler", ["|---|", "|---|---|---|", "|:-:|", "| --- | --- | --- |", "|---"])
@pytest.mark.parametrize(("prefix", "end"), [("", "\n"), ("> ", "\n> "), ("- x\n  ", "\n  "), ("So:\n", "\r\n")])
def test_render_shows_a_table_whose_ruler_does_not_fit_its_header(ruler, prefix, end):
    """The browser shows it as a table while the answer streams."""
    rendered = render_markdown(prefix + end.join(["|a|b\\|c|", ruler, "|1|2|"]) + "\n\nThe *end*")
    cells = re.sub(r"<(t[hd])[^>]*>", r"<\1>", rendered)

    assert "<th>a</th>\n<th>b|c</th>" in cells
    assert "<td>1</td>\n<td>2</td>" in cells
    assert rendered.endswith("<p>The <em>end</em></p>\n")
    assert "---" not in rendered


@pytest.mark.parametrize(
    "text",
    [
        "|a|b|\n|1|2|", "|a|b|\n|==|==|==|", "|a|b|\n---", "a|b\n|---|", "|a|b|\n| |--|--|", "|a|b|",
        "    |a|b|\n    |---|", "```\n|a|b|\n|---|\n```",
    ],
)  # fmt: skip
def test_render_takes_nothing_else_for_a_table(text):
    rendered = render_markdown(text)
    assert "<table" not in rendered
    assert [line for line in text.splitlines() if line.strip(" `") and line.strip() not in rendered] in ([], ["---"])


@pytest.mark.parametrize(
    ("levels", "tags"),
    [
        ([1, 2, 3, 4, 5, 6], ["h3", "h4", "h5", "h6", "h6", "h6"]),
        ([6], ["h3"]),
        ([2, 3, 2], ["h3", "h4", "h4"]),
        ([1, 3, 1, 4, 4], ["h3", "h4", "h3", "h4", "h5"]),
    ],
)
def test_render_puts_headings_below_those_of_the_page_without_a_gap(levels, tags):
    rendered = render_markdown("\n\n".join(f"{'#' * level} Title" for level in levels))
    assert rendered == "".join(f"<{tag}>Title</{tag}>\n" for tag in tags)


def test_render_keeps_where_the_cells_of_a_column_stand():
    rendered = render_markdown("|a|b|c|d|\n|:--|--:|:-:|---|\n|1|2|3|4|")
    for cell in ("<th>a", '<th class="right">b', '<th class="center">c', "<th>d", '<td class="right">2', "<td>4"):
        assert cell in rendered
    assert "style" not in rendered


@pytest.mark.parametrize("address", ["https://a.example/x?y=1", "http://a.example", "mailto:a@a.example"])
def test_render_keeps_links_that_lead_out_without_a_trace(address):
    assert f'<a href="{address}" rel="noopener noreferrer nofollow ugc">x</a>' in render_markdown(f"[x]({address})")


def test_render_shows_an_image_as_a_link_that_nobody_follows_by_itself():
    parsed = ParsedHtml(render_markdown("![chart](https://a.example/x.png)"))

    assert parsed.tags == {"p", "a", "span"}


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("c++", "int a;", "cpp"),
        ("Python", "def f(): pass", "python"),
        ("sh title=x", "if true; then", "bash"),
        ("js", "let a = 1", "javascript"),
        ("r", "x <- 1", "splus"),
    ],
)
def test_render_knows_languages_by_their_other_names(language, code, name):
    html = render_markdown(f"```{language}\n{code}\n```")

    assert f'<code class="language-{name}"><span class="' in html
    assert set(LANGUAGE_ALIASES.values()) == LANGUAGES


@pytest.mark.parametrize(
    "language", ["autoit", "html+ng2", "idris", "ragel", "gnuplot", "devicetree", "usd", "systemd"]
)
def test_render_leaves_code_in_languages_that_take_long_as_it_is(language):
    code = " " * 4_990 + "x"

    parsed = assert_harmless(render_markdown(f"```{language}\n{code}\n```"))

    assert parsed.tags == {"pre", "code"}
    assert parsed.text.rstrip("\n") == code


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("csharp", "a\n" * 4_990 + "x"),  # quadratic
        ("java", "a\n" * 4_990 + "x"),
        ("make", "-a" * 4_990),
        ("javascript", '"\\' * 4_990),
        ("scala", 'val a = "' + "\\" * 60),  # exponential: without a limit this takes days
        ("scala", 'val a = raw"' + r"\\a" * 40),
        ("perl", "s!" + "\\" * 60),
        ("bash", "echo $'" + "\\" * 60),
        ("docker", "RUN echo $'" + "\\" * 60),
    ],
)
def test_code_that_takes_a_lexer_long_costs_its_answer_the_colors_and_nobody_anything_else(language, code):
    started = time.process_time()

    parsed = assert_harmless(render_markdown(f"```{language}\n{code}\n```"))

    assert parsed.tags == {"pre", "code"}
    assert parsed.text.rstrip("\n") == code
    assert time.process_time() - started < 1
    assert "span" in ParsedHtml(render_markdown(f"```java\nint {language}{len(code)};\n```")).tags


@pytest.mark.parametrize("language", ["", "nosuchlanguage", "python3.99 title=x"])
def test_render_leaves_code_of_unknown_languages_as_it_is(language):
    parsed = assert_harmless(render_markdown(f"```{language}\nif x < 1: pass\n```"))

    assert parsed.text == "if x < 1: pass\n\n" or parsed.text == "if x < 1: pass\n"
    assert parsed.attributes == [("pre", "tabindex", "0")]


def test_render_leaves_much_code_uncoloured():
    code = "a " * (MAX_HIGHLIGHTED_LENGTH // 2 + 10)

    parsed = assert_harmless(render_markdown(f"```java\n{code}\n```"))

    assert "span" not in parsed.tags
    assert parsed.text.strip() == code.strip()
    assert "span" in ParsedHtml(render_markdown("```java\nint a;\n```")).tags


def test_render_shows_an_answer_too_long_to_be_parsed_as_it_is():
    text = "<script>*a*</script>" * (MAX_LENGTH // 20 + 1)

    html = render_markdown(text)

    assert_harmless(html)
    assert ParsedHtml(html).tags == {"pre"}
    assert ParsedHtml(html).text == text


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"stopped": True, "cut": False}, "Stopped."),
        ({"stopped": False, "cut": True}, "Cut off at the length limit."),
        ({"stopped": True, "cut": True}, "Stopped."),
    ],
)
@pytest.mark.parametrize("text", ["So *it", "```python\nif x", "| a |\n|---|\n| 1", "- one\n- tw", "$$x", ""])
def test_whole_ends_with_a_line_of_its_own(text, how, words):
    assert render_answer(text, **how) == render_markdown(text) + f'<p class="ended">{words}</p>'


@pytest.mark.parametrize("text", ['<p class="ended">Stopped.</p>', "<br class=ended>", "```ended\nStopped.\n```"])
def test_whole_shows_no_such_line_of_a_model(text):
    assert '<p class="ended"' not in render_answer(text, stopped=False, cut=False) == render_markdown(text)
