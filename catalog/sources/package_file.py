"""Reads the data file of a package, from a wheel or from an unpacked file."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from catalog.sources.record import SourceError

MAX_BYTES = 100_000_000  # the largest data file is 5 MB


@dataclass(frozen=True)
class PackageFile:
    """The data file of a package. `label` is the name of the package, with the version if it is known."""

    content: bytes
    label: str


def read_package_file(path: Path, member: re.Pattern[str], package: str) -> PackageFile:
    """Return the data file in a wheel, or an unpacked data file. Raises SourceError if it is missing or unreadable.

    `member` matches the path of the data file in the wheel. `package` is the label to use for an unpacked file.
    """
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
