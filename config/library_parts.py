"""The parts of libraries that Arena uses although they are not public, and a check that they are still there.

`docs/explanation/decisions/upgrades.md` says where and why each part is used, and which test shows that it still means
the same. The check reads the libraries' source files, because importing all libraries would take seconds.
"""

import re
from collections.abc import Iterable
from importlib.metadata import distribution, version
from pathlib import Path
from typing import NamedTuple


class LibraryPart(NamedTuple):
    """The names, separated by spaces, that a source file of a library must contain."""

    library: str
    file: str
    names: str


PARTS = (
    LibraryPart(
        "uvicorn",
        "uvicorn/protocols/http/httptools_impl.py",
        "HttpToolsProtocol RequestResponseCycle cycle pipeline flow transport loop send_400_response"
        " connection_made connection_lost data_received on_message_begin on_url on_header on_headers_complete on_body"
        " on_message_complete response_complete disconnected message_event",
    ),
    LibraryPart("uvicorn", "uvicorn/protocols/http/flow_control.py", "FlowControl read_paused"),
    LibraryPart(
        "django",
        "django/db/models/query.py",
        "ModelIterable _known_related_objects get_compiler klass_info annotation_col_map"
        " _result_cache _prefetched_objects_cache",
    ),
    LibraryPart("django", "django/core/handlers/base.py", "load_middleware get_response get_response_async"),
    LibraryPart("django", "django/db/models/fields/mixins.py", "set_cached_value"),
    LibraryPart("django", "django/middleware/csrf.py", "CSRF_COOKIE_NEEDS_UPDATE"),
    LibraryPart("django", "django/db/migrations/loader.py", "MigrationLoader applied_migrations disk_migrations"),
    LibraryPart("django", "django/db/backends/base/operations.py", "bulk_batch_size"),
    LibraryPart("django", "django/db/backends/base/features.py", "max_query_params"),
    LibraryPart("django", "django/contrib/admin/checks.py", "check_admin_app check_dependencies"),
    LibraryPart("django", "django/contrib/admin/helpers.py", "ACTION_CHECKBOX_NAME"),
    LibraryPart("aiohttp", "aiohttp/connector.py", "transport"),
    LibraryPart("aiohttp", "aiohttp/base_protocol.py", "pause_reading resume_reading"),
    LibraryPart("django-allauth", "allauth/mfa/base/forms.py", "BaseAuthenticateForm clean_code"),
    LibraryPart("django-allauth", "allauth/core/ratelimit.py", "consume dry_run"),
    LibraryPart("whitenoise", "whitenoise/base.py", "files add_files FOREVER immutable_file_test"),
    LibraryPart("whitenoise", "whitenoise/responders.py", "get_response"),
    LibraryPart(
        "markdown-it-py", "markdown_it/rules_block/state_block.py", "bMarks eMarks tShift sCount blkIndent isEmpty"
    ),
    LibraryPart("py3langid", "py3langid/langid.py", "_full_model _rowbase tk_output tk_nextmove nb_ptc"),
)
POSTGRESQL_FUNCTIONS = ("uuid_hash_extended", "hashtextextended")


def list_missing_parts(parts: Iterable[LibraryPart] = PARTS) -> list[str]:
    """Return a sentence for each file of a library that lacks a name which Arena needs."""
    return [
        f"{part.library} {version(part.library)} has no {', '.join(missing)} in {part.file}, which Arena uses."
        " Install the version in requirements.lock."
        for part in parts
        if (missing := _list_missing_names(part))
    ]


def list_missing_functions(functions: Iterable[str] = POSTGRESQL_FUNCTIONS) -> list[str]:
    """Return a sentence for each function that the database lacks."""
    from core.storage.database import fetch_rows

    rows = fetch_rows("SELECT name FROM unnest(%s::text[]) AS name WHERE to_regproc(name) IS NULL", [list(functions)])
    return [f"PostgreSQL has no function {name}, which Arena uses. Use version 18." for (name,) in rows]


def _list_missing_names(part: LibraryPart) -> list[str]:
    path = Path(str(distribution(part.library).locate_file(part.file)))
    words = set(re.findall(r"\w+", path.read_text())) if path.exists() else set()
    return [name for name in part.names.split() if name not in words]
