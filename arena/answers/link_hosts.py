"""Adds the host to links whose text does not show it, such as `[https://bank.example](https://evil.example)`.

`static/js/arena/battle/markdown_nodes.js` does the same while an answer streams.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from django.utils.html import escape
from markdown_it.token import Token

MAX_HOST_LENGTH = 60  # characters; only the end of a longer host is shown, because the end identifies the owner
AUTHORITY = re.compile(r"https?:[/\\]*([^/\\?#]*)", re.IGNORECASE)
MAILBOX = re.compile(r"mailto:([^?]*)", re.IGNORECASE)
SCHEME = re.compile(r"\A(?:https?://|mailto:)")
PORT = re.compile(r":\d*\Z")
AFTER_HOST = re.compile(r"(?::\d+)?(?:[/?#]\S*)?")
LINE_BREAK_TOKENS = ("softbreak", "hardbreak")


def find_host(url: str) -> str:
    """Return the host of a web URL, or the mailbox of a mailto URL, or "" for any other URL."""
    if mailbox := MAILBOX.match(url):
        return mailbox[1].lower()
    authority = AUTHORITY.match(url)
    if not authority:
        return ""
    host_and_port = authority[1].rpartition("@")[2]
    return unquote(PORT.sub("", host_and_port)).lower()


def is_host_shown(text: str, host: str) -> bool:
    """Return whether the text is a URL with exactly this host. The scheme may be missing."""
    url = SCHEME.sub("", text.strip().lower())
    return url.startswith(host) and AFTER_HOST.fullmatch(url, len(host)) is not None


def show_hosts(inline_tokens: Sequence[Token]) -> list[Token]:
    """Return the inline tokens, with an extra token after each link whose text does not show its host."""
    tokens: list[Token] = []
    text: list[str] = []
    url = ""
    for token in inline_tokens:
        tokens.append(token)
        if token.type == "link_open":
            url = str(token.attrs.get("href", ""))
            text = []
        elif token.type == "link_close":
            host = find_host(url)
            if host and not is_host_shown("".join(text), host):
                label = host if len(host) <= MAX_HOST_LENGTH else f"…{host[-MAX_HOST_LENGTH:]}"
                html = f' <span class="host">({escape(label)})</span>'
                tokens.append(Token("html_inline", "", 0, content=html))
        else:
            text.append(" " if token.type in LINE_BREAK_TOKENS else token.content)
    return tokens
