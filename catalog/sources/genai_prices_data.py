"""Reader for the genai-prices package (MIT): prices with their dates, and context windows.

The package's data is Python code. The reader parses the code without running it, and accepts only constants, lists,
dicts, and records, which are written as constructor calls.
"""

import ast
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from catalog.sources.providers import find_provider
from catalog.sources.record import (
    ListedModel,
    ListedPrice,
    PackageFile,
    SourceError,
    build_price_list,
    parse_claims,
    parse_price,
)

MEMBER = re.compile(r"genai_prices/data\.py$")
URL = "https://github.com/pydantic/genai-prices"
RECORD = "record"  # the key under which a record's class name is stored


def read_models(file: PackageFile, today: date) -> Iterator[ListedModel]:
    """Yield the models. Raises SourceError if the file does not assign a list of records to `providers`."""
    for provider_record in _parse_providers(file.content):
        provider_name = str(provider_record.get("id"))
        provider = find_provider(provider_name)
        if provider is None:
            continue
        for model in provider_record.get("models", []):
            model_id = str(model["id"])
            source = f"{URL} ({file.label}, {provider_name}/{model_id})"
            yield ListedModel(
                id=model_id,
                provider=provider,
                name=str(model.get("name") or model_id),
                claims=parse_claims({"context_window": model.get("context_window")}),
                prices=tuple(_list_prices(model.get("prices"), today)),
                source=source,
                as_of=today,
            )


def _parse_providers(content: bytes) -> list[dict[str, Any]]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        raise SourceError("the file is not Python code") from None
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "") == "providers":
            providers = _convert(statement.value) if statement.value else None
            if isinstance(providers, list):
                return providers
    raise SourceError("the file has no list named providers")


def _convert(node: ast.expr) -> Any:
    """Return the value of an expression. A record becomes a dict."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        return [_convert(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        keys = (_convert(key) for key in node.keys if key is not None)
        return dict(zip(keys, map(_convert, node.values), strict=True))
    if isinstance(node, ast.Call):
        return _convert_call(node)
    if isinstance(node, ast.Attribute):
        return ast.unparse(node)
    raise SourceError(f"line {node.lineno} contains an expression that is not data")


def _convert_call(node: ast.Call) -> Any:
    name = ast.unparse(node.func)
    values = [_convert(argument) for argument in node.args]
    if name == "Decimal":
        return Decimal(values[0])
    if name == "datetime.date":
        return date(*values)
    record = {keyword.arg: _convert(keyword.value) for keyword in node.keywords if keyword.arg}
    return {RECORD: name, **record}


def _list_prices(prices: Any, today: date) -> list[ListedPrice]:
    """Return the prices that apply at all hours, the current one first.

    prices: one record of prices, or a list of records with start dates.
    """
    if isinstance(prices, dict):
        price = _parse_price(prices, None)
        return [price] if price else []
    dated = []
    for entry in prices or []:
        constraint = entry.get("constraint")
        if constraint is not None and constraint[RECORD] != "StartDateConstraint":
            continue
        start = constraint["start_date"] if constraint else None
        price = _parse_price(entry["prices"], start)
        if price and (start is None or start <= today):
            dated.append(price)
    dated.sort(key=lambda price: price.since or date.min, reverse=True)
    return build_price_list(dated)


def _parse_price(record: dict[str, Any], since: date | None) -> ListedPrice | None:
    prices = [record.get(name) for name in ("input_mtok", "output_mtok", "cache_read_mtok")]
    tables: list[dict[str, Any]] = [price if isinstance(price, dict) else {"base": price} for price in prices]
    inputs, outputs, _ = ({tier["start"]: tier["price"] for tier in table.get("tiers", [])} for table in tables)
    tiers = [(start, inputs[start], outputs[start]) for start in sorted(inputs.keys() & outputs.keys())]
    return parse_price([table.get("base") for table in tables], tiers, since)
