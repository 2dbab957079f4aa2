"""Parses the names of models from boards, price tables, score files, and model hubs.

This module does not use Django.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from catalog.matching.aliases import is_rolling
from catalog.matching.makers import drop_vendor_words, find_family_maker, find_provider_maker
from catalog.matching.snapshot_dates import take_date

PARENTHESES_PATTERN = re.compile(r"\(([^()]*)\)")
VENDOR_VERSION_PATTERN = re.compile(r"-v[1-9](:\d+)?$")  # in IDs such as `anthropic.claude-opus-4-6-v1:0`
VENDOR_ID_PATTERN = re.compile(r"(?:[a-z]+[.])+[a-z]")
SEPARATOR_PATTERN = re.compile(r"[\s_:@-]+|(?<=[a-z])[.](?=[a-z])")
GLUED_PATTERN = re.compile(r"([a-z]{2,})(\d+(?:[.]\d+)?)")  # llama3, qwen2.5
POINT_PATTERN = re.compile(r"(?<=\d)p(?=\d)")  # v4p1
MAJOR_PATTERN = re.compile(r"[a-z]?\d{1,2}")
MINOR_PATTERN = re.compile(r"\d{1,2}")
SETTING_PATTERN = re.compile(
    r"(non-?)?(thinking|reasoning)( \d+k)?|x?high|max|medium|low|minimal|instant|\w+ harness"
)  # fmt: skip
BUDGET_PATTERN = re.compile(r"\d+k")
QUANTIZATIONS = frozenset({"awq", "bf16", "fp16", "fp4", "fp8", "gptq", "int4", "int8", "mxfp4", "nvfp4"})
SKIPPED_WORDS = frozenset({"hf", "latest", "preview"})
SUFFIX_SETTINGS = frozenset({"high", "low", "minimal", "xhigh"})
# Makers that list more of a model's settings under separate IDs. In names from other makers, the additional words
# identify a model.
SUFFIX_SETTINGS_BY_MAKER = {
    "Anthropic": SUFFIX_SETTINGS | {"max", "medium", "thinking"},
    "Google": SUFFIX_SETTINGS | {"medium"},
    "Meta": SUFFIX_SETTINGS | {"max", "medium"},
    "OpenAI": SUFFIX_SETTINGS | {"max", "medium"},
    "xAI": SUFFIX_SETTINGS | {"medium", "reasoning"},
}
TOTAL_PATTERN = re.compile(r"(\d{1,4}(?:[.]\d{1,3})?)([bmt])")
ACTIVE_PATTERN = re.compile(r"a(\d{1,4}(?:[.]\d{1,3})?)(b)")
EXPERTS_PATTERN = re.compile(r"\d+e")  # in `17b-128e`, 17b is the number of active parameters
UNITS = {"m": 10**6, "b": 10**9, "t": 10**12}
MIN_MILLIONS = 20  # `1m` is a context length


@dataclass(frozen=True)
class ModelName:
    """A parsed name.

    maker: the maker according to the name or the provider, or None.
    words: the words, versions, and sizes that identify the model, without the parts below. They are sorted, because
        names differ in their order.
    date: the date of the snapshot in the format of `snapshot_dates.take_date`, or "".
    setting: how the model was run, such as `High, 32K`, or "". It does not identify the model.
    is_preview: whether the name contains "preview".
    is_rolling: whether the name refers to different models over time.
    quantization: the first number format of the weights, such as `nvfp4`, or "".
    parameters_total, parameters_active: the numbers of parameters in the name, or None.
    """

    maker: str | None
    words: tuple[str, ...]
    date: str
    setting: str
    is_preview: bool
    is_rolling: bool
    quantization: str
    parameters_total: int | None
    parameters_active: int | None


@lru_cache(maxsize=20_000)  # each import parses all names in the catalog
def parse_model_name(name: str, provider: str = "") -> ModelName:
    """Return the parts of a name, such as `Claude Opus 4.1 (Thinking 16K, 20250805)` or `meta-llama/Llama-3.1-8B`.

    `provider` is the company that lists the model. The maker is determined from the words of the name, or else from the
    organization before the slash, or from the provider if there is no slash.
    """
    path, _, bare = PARENTHESES_PATTERN.sub(" ", name).strip().lower().rpartition("/")
    organization = path.rpartition("/")[2]
    settings, others = _split_parentheses(name)
    all_words = [word for part in (bare, *others) for word in _split_words(part.lower())]
    undated_words, date = take_date(all_words)  # before versions are joined, because `08-2024` would become one
    family_words = drop_vendor_words(_join_versions(undated_words))  # these begin with the family
    maker = find_family_maker(family_words) or find_provider_maker(organization or provider)
    words, suffix = _take_suffix_settings(family_words, maker)
    quantization = next((word for word in words if word in QUANTIZATIONS), "")
    total, active = _read_sizes(words)
    return ModelName(
        maker=maker,
        words=tuple(sorted(word for word in words if word not in QUANTIZATIONS | SKIPPED_WORDS)),
        date=date,
        setting=", ".join([*suffix, *settings]),
        is_preview="preview" in words,
        is_rolling=not date and (is_rolling(name) or is_rolling(bare)),
        quantization=quantization,
        parameters_total=total,
        parameters_active=active,
    )


def split_setting(name: str) -> tuple[str, str]:
    """Return the name without the settings and number formats in parentheses, and these settings and formats.

    `Claude Opus 4.5 (High, 32K, 20251101)` becomes `Claude Opus 4.5 (20251101)` and `High, 32K`.
    """
    settings, others = _split_parentheses(name)
    formats = [part for part in others if part.lower() in QUANTIZATIONS]
    rest = ", ".join(part for part in others if part not in formats)
    bare = PARENTHESES_PATTERN.sub("", name).strip()
    return f"{bare} ({rest})" if rest else bare, ", ".join([*settings, *formats])


def _split_parentheses(name: str) -> tuple[list[str], list[str]]:
    """Return the settings in parentheses, and the other parts in parentheses."""
    settings: list[str] = []
    others: list[str] = []
    for group in PARENTHESES_PATTERN.findall(name):
        for part in group.split(", "):
            is_budget = bool(settings) and BUDGET_PATTERN.fullmatch(part.lower())
            if is_budget or SETTING_PATTERN.fullmatch(part.lower()):
                settings.append(part)
            else:
                others.append(part)
    return settings, others


def _split_words(text: str) -> list[str]:
    if VENDOR_ID_PATTERN.match(text):
        text = VENDOR_VERSION_PATTERN.sub("", text)
    words: list[str] = []
    for word in SEPARATOR_PATTERN.split(POINT_PATTERN.sub(".", text)):
        glued = None if word in QUANTIZATIONS else GLUED_PATTERN.fullmatch(word)
        words += glued.groups() if glued else [word]
    return [word for word in words if word]


def _join_versions(words: Sequence[str]) -> list[str]:
    """Join the parts of version numbers that are written with a hyphen: `opus 4 6` becomes `opus 4.6`."""
    joined: list[str] = []
    for word in words:
        if joined and MINOR_PATTERN.fullmatch(word) and MAJOR_PATTERN.fullmatch(joined[-1]):
            joined[-1] = f"{joined[-1]}.{word}"
        else:
            joined.append(word)
    return joined


def _take_suffix_settings(words: Sequence[str], maker: str | None) -> tuple[list[str], list[str]]:
    """Return the words without the settings at the end, and these settings."""
    known_settings = SUFFIX_SETTINGS_BY_MAKER.get(maker or "", SUFFIX_SETTINGS)
    remaining = list(words)
    settings: list[str] = []
    while len(remaining) > 1 and _ends_with_setting(remaining, known_settings):
        length = 2 if remaining[-2] in ("non", "thinking") else 1
        settings.insert(0, " ".join(remaining[-length:]))
        del remaining[-length:]
    return remaining, settings


def _ends_with_setting(words: Sequence[str], known: frozenset[str]) -> bool:
    before, last = words[-2:]
    if last == "max" and before == "codex":  # gpt-5.1-codex-max is a model
        return False
    return last in known or (before == "thinking" and "thinking" in known and bool(BUDGET_PATTERN.fullmatch(last)))


def _read_sizes(words: Sequence[str]) -> tuple[int | None, int | None]:
    """Return the numbers of total and active parameters in the words. A product such as `8x7b` contains neither."""
    totals = [match for match in map(TOTAL_PATTERN.fullmatch, words) if match]
    totals = [match for match in totals if match[2] != "m" or float(match[1]) >= MIN_MILLIONS]
    actives = [match for match in map(ACTIVE_PATTERN.fullmatch, words) if match]
    total = _compute_size(totals)
    if any(map(EXPERTS_PATTERN.fullmatch, words)):
        return None, total
    return total, _compute_size(actives)


def _compute_size(matches: Sequence[re.Match[str]]) -> int | None:
    """Return the number of parameters if there is exactly one nonzero number, else None."""
    if len(matches) != 1:
        return None
    number, unit = matches[0].groups()
    return round(float(number) * UNITS[unit]) or None
