"""Links show their hosts."""

import re

import pytest

from arena.answers.link_hosts import MAX_HOST_LENGTH, find_host, is_host_shown
from arena.answers.markdown import render_markdown


def visible_text(text):
    """The text of the rendered answer, without tags."""
    return re.sub(r"<[^>]*>", "", render_markdown(text)).strip()


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        # The attacks: a text that names another host.
        ("[https://bank.example](https://evil.example)", "https://bank.example (evil.example)"),
        ("[bank.example](http://evil.example/bank.example)", "bank.example (evil.example)"),
        ("[here](https://bank.example@evil.example)", "here (evil.example)"),
        ("[evil.example.bank.example](https://evil.example)", "evil.example.bank.example (evil.example)"),
        ("[evil.example:x@bank.example](https://evil.example)", "evil.example:x@bank.example (evil.example)"),
        ("[evil.example bank.example](https://evil.example)", "evil.example bank.example (evil.example)"),
        ("[evil.example\nbank.example](https://evil.example)", "evil.example\nbank.example (evil.example)"),
        ("[`bank.example`](https://evil.example)", "bank.example (evil.example)"),
        ("[](https://evil.example)", "(evil.example)"),
        ("[bank][1]\n\n[1]: https://evil.example", "bank (evil.example)"),
        ("![bank](https://evil.example/x.png)", "!bank (evil.example)"),
        ("[me@bank.example](mailto:you@evil.example?subject=x)", "me@bank.example (you@evil.example)"),
        ("[bank](https:/evil.example)", "bank (evil.example)"),
        ("- a\n- [b](https://evil.example) c", "a\nb (evil.example) c"),
        ("[bank](https://b%61nk.example)", "bank (bank.example)"),
        # Texts that show the host already, and links without a host.
        ("<https://a.example/b>", "https://a.example/b"),
        ("[https://a.example/b](https://a.example/c?d)", "https://a.example/b"),
        ("[A.example](https://a.example:8000/)", "A.example"),
        ("[a.example:8000/x](http://a.example:8000)", "a.example:8000/x"),
        ("<me@a.example>", "me@a.example"),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("[x](/relative)", "x"),
        ("[x](ftp://a.example)", "x"),
    ],
)
def test_link_shows_its_host_unless_its_text_does(markdown, expected):
    assert visible_text(markdown) == expected


def test_host_is_in_punycode_so_that_letters_that_look_alike_do_not_pass():
    assert "(xn--" in visible_text("[b\u0430nk.example](https://b\u0430nk.example)")


def test_end_of_a_long_host_is_shown_and_no_mark_of_it_is_html():
    assert visible_text(f"[x](https://bank.example.{'a' * 200}.evil.example)").endswith("a.evil.example)")
    assert len(visible_text(f"[x](https://{'a' * 200})")) == MAX_HOST_LENGTH + 5
    assert "(a&lt;b&gt;.evil.example)" in render_markdown("[x](https://a%3Cb%3E.evil.example)")


def test_model_writes_no_such_mark_itself():
    assert '<span class="host">(bank' not in render_markdown(
        '[x](https://a.example) <span class="host">(bank.example)</span>'
    )


@pytest.mark.parametrize("scheme", ["https", "HTTP"])
@pytest.mark.parametrize("slashes", ["//", "/", "", "///", "\\\\"])
@pytest.mark.parametrize(
    ("rest", "host"),
    [("a.example", "a.example"), ("u:p@A.example:80/x@b", "a.example"), ("[::1]:80", "[::1]"), ("", "")],
)
def test_host_is_found_as_browsers_find_it(scheme, slashes, rest, host):
    assert find_host(f"{scheme}:{slashes}{rest}") == host


@pytest.mark.parametrize("text", ["a.example.", "xa.example", "https://a.example@b", "a.example:", "//a.example", ""])
def test_what_only_looks_like_the_host_does_not_show_it(text):
    assert not is_host_shown(text, "a.example")
