"""Reader for LiteLLM's price table (MIT): prices, limits, tools, announced retirements, and successors."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from catalog.sources.providers import find_provider, sells_own_model
from catalog.sources.record import (
    ListedModel,
    ListedPrice,
    PackageFile,
    SourceError,
    parse_claims,
    parse_modalities,
    parse_month_or_day,
    parse_price,
    read_json,
)

MEMBER = re.compile(r"litellm/model_prices_and_context_window\w*\.json$")
URL = "https://github.com/BerriAI/litellm"
MILLION = 1_000_000  # the table has prices per token, and the catalog has prices per million tokens
TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens$")
MAX_LINK_LENGTH = 200


def read_models(file: PackageFile, today: date) -> Iterator[ListedModel]:
    """Yield the chat models. Raises SourceError if the file is not LiteLLM's table."""
    table = read_json(file.content)
    if not isinstance(table, dict) or "sample_spec" not in table:
        raise SourceError("the file is not LiteLLM's price table: it has no sample_spec")
    for key, row in table.items():
        if isinstance(row, dict) and row.get("mode") in ("chat", "responses"):
            provider = find_provider(str(row.get("litellm_provider")))
            if provider is not None:
                yield _build_model(key, provider, row, file.label, today)


def _build_model(key: str, provider: str, row: Mapping[str, Any], label: str, today: date) -> ListedModel:
    name = key.split("/", 1)[-1]
    notice_link = str(row.get("deprecation_source"))
    links = {"price": str(row.get("source")), "retires_on": notice_link, "successor": notice_link}
    price = _parse_price(row)
    return ListedModel(
        id=name,
        provider=provider,
        name=name,
        claims=parse_claims(dict(_iter_values(provider, name, row))),
        prices=(price,) if price else (),
        source=f"{URL} ({label}, {key})",
        as_of=today,
        links={field: link for field, link in links.items() if _is_link(link)},
    )


def _iter_values(provider: str, name: str, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield fields with values. `max_input_tokens` sets only `max_input`: it is not always the whole context."""
    yield "max_input", row.get("max_input_tokens")
    yield "max_output", row.get("max_output_tokens")
    yield "tools", row.get("supports_function_calling")
    yield "web_search", row.get("supports_web_search")
    yield "modalities", _list_modalities(row)
    if sells_own_model(provider, name):
        day = parse_month_or_day(row.get("deprecation_date"))
        yield "retires_on", day
        if day:  # without a retirement date, `successor_model` only names a newer model of the same family
            yield "successor", str(row.get("successor_model") or "").rsplit("/", 1)[-1]


def _list_modalities(row: Mapping[str, Any]) -> list[str]:
    """Return the input modalities, or an empty list if the row has no information about modalities."""
    flags = {"image": "supports_vision", "audio": "supports_audio_input", "video": "supports_video_input"}
    if not row.keys() & {"supported_modalities", *flags.values()}:
        return []
    listed = parse_modalities(row.get("supported_modalities"))
    modalities = ["text", *listed, *(word for word, flag in flags.items() if row.get(flag) is True)]
    if row.get("supports_pdf_input") is True:
        modalities.append("pdf")
    return parse_modalities(modalities)


def _parse_price(row: Mapping[str, Any]) -> ListedPrice | None:
    columns = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")
    tiers = [
        (int(match[1]) * 1000, row[match[0]], row.get(f"output_cost_per_token_above_{match[1]}k_tokens"))
        for match in map(TIER.match, row)
        if match
    ]
    return parse_price([row.get(column) for column in columns], tiers, factor=MILLION)


def _is_link(link: str) -> bool:
    is_word = link.isprintable() and " " not in link
    return is_word and link.startswith("https://") and len(link) <= MAX_LINK_LENGTH
