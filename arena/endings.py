"""How a finished answer is shown: if it was cut short, a last line of ours says so, on the page and in the events."""

from django.utils.html import format_html
from django.utils.translation import gettext as _

from arena.markdown import render


def whole(text: str, *, stopped: bool, cut: bool) -> str:
    """Sanitised HTML of an answer; `stopped` by its voter comes before `cut` at a limit of length.

    The line is a `p.ended`, which no Markdown can make.
    """
    if stopped:
        return render(text) + _line(_("Stopped."))
    return render(text) + _line(_("Cut off at the length limit.")) if cut else render(text)


def _line(words: str) -> str:
    return format_html('<p class="ended">{}</p>', words)
