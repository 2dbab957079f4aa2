"""Detects the human language of a prompt."""

import re
from array import array
from functools import cache
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any

from arena.judging.style_features import iter_prose_lines
from arena.judging.word_lists import load_lists

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NO_LANGUAGE = "zxx"  # the identifier's class for text that is in no language
LANGUAGES: dict[str, str] = load_lists("languages")
# The language must be more likely than all others together. Of 199 short prompts that reached this confidence, 198 were
# identified correctly.
MIN_CONFIDENCE = 0.5
# More text does not improve the result, and normalizing hostile text takes quadratic time.
MAX_LENGTH = 2_000
ASCII_RUN = re.compile(r"[!-~]++")
_load_lock = Lock()
NOT_A_WORD = re.compile(r"[\d(){}\[\]=<>;\\/_$#@|&*^+~`]")


def detect_language(text: str) -> str | None:
    """Return the English name of a prompt's language, or None if the language is uncertain.

    Code, formulas, links, and numbers are ignored. The language of the remaining text is uncertain if that text is too
    short or mixes two languages.
    """
    code = detect_code(text)
    return LANGUAGES[code] if code else None


def detect_code(text: str) -> str | None:
    """Return the ISO 639-1 code of the language (see `detect_language`)."""
    prose = _extract_prose(text)
    if not any(map(str.isalpha, prose)):
        return None
    shares: dict[str, float] = {}
    codes: dict[str, str] = {}
    for code, share in _get_identifier().rank(prose):
        name = LANGUAGES.get(code, "")
        shares[name] = shares.get(name, 0) + share
        codes.setdefault(name, code)
    name = max(shares, key=lambda language: shares[language])
    return codes[name] if name and shares[name] >= MIN_CONFIDENCE else None


def tell_code(text: str) -> str:
    """Return the code of the language, or "" if it is uncertain or if this process has not loaded the model yet."""
    return (detect_code(text) or "") if _load_identifier.cache_info().currsize else ""


def _extract_prose(text: str) -> str:
    """Return the first `MAX_LENGTH` characters of prose, excluding ASCII strings that are not words."""
    lines = []
    size = 0
    for line in iter_prose_lines(text):
        prose_line = ASCII_RUN.sub(lambda run: "" if NOT_A_WORD.search(run[0]) else run[0], line)
        lines.append(prose_line)
        size += len(prose_line)
        if size > MAX_LENGTH:
            break
    return " ".join(" ".join(lines).split())[:MAX_LENGTH]


def preload_identifier() -> None:
    """Load the model now, so that the first vote does not have to wait for it."""
    _get_identifier()


def _get_identifier() -> "LanguageIdentifier":
    with _load_lock:  # otherwise, concurrent first votes would each load the model
        return _load_identifier()


@cache
def _load_identifier() -> "LanguageIdentifier":
    # The import takes up to 1.5 seconds, so only processes that detect languages should pay for it.
    import numpy as np
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*LANGUAGES, NO_LANGUAGE])
    identifier._full_model = None  # noqa: SLF001  # frees 20 MB per process, which only excluded languages would need
    identifier._rowbase = array("I", identifier._rowbase)  # noqa: SLF001  # arrays take a fifth of the lists' memory
    identifier.tk_output = array("i", identifier.tk_output)
    moves = identifier.tk_nextmove
    identifier.tk_nextmove = _map_to_file(moves).cast(moves.typecode)
    table = np.ascontiguousarray(identifier.nb_ptc)
    identifier.nb_ptc = np.frombuffer(_map_to_file(table), table.dtype).reshape(table.shape)
    return identifier


def _map_to_file(values: Any) -> memoryview:
    """Return these bytes from an unlinked temporary file. Only the parts that are used take memory."""
    with TemporaryFile() as file:
        file.write(values)
        file.flush()
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
