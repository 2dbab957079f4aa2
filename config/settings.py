"""Django settings. Values that depend on the installation come from `config.environment`."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from kombu.entity import Queue
from psycopg.conninfo import conninfo_to_dict

from config import environment, secret_keys
from config.server.log_format import is_about_server, is_unexpected
from config.setting_parsers import build_broker_url

try:
    ENVIRONMENT = environment.load_environment(os.environ)
except ValueError as error:
    raise SystemExit(f"arena: {error}") from None

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.3.0"

DEBUG = False
DATA_FOLDER = BASE_DIR / "var"
try:
    _secret_keys = (ENVIRONMENT.secret_key,) if ENVIRONMENT.secret_key else secret_keys.load_keys(DATA_FOLDER)
except OSError as error:
    raise SystemExit(f"arena: cannot create a secret key in {DATA_FOLDER}: {error.strerror}; set SECRET_KEY") from None
SECRET_KEY = _secret_keys[0]
SECRET_KEY_FALLBACKS = [*_secret_keys[1:], *ENVIRONMENT.secret_key_fallbacks]
PUBLIC_HOST = urlsplit(ENVIRONMENT.arena_public_url).hostname
ALLOWED_HOSTS = [*ENVIRONMENT.allowed_hosts, *([PUBLIC_HOST] if PUBLIC_HOST else [])]
if not ENVIRONMENT.is_production:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
LOCAL_URL = os.environ.get("LOCAL_URL", "http://127.0.0.1:8000")  # set by the launcher, for links that a command prints
SECURE = ENVIRONMENT.arena_public_url.startswith("https://")

INSTALLED_APPS = [
    "core.apps.ArenaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "rest_framework",
    "drf_spectacular",
    "catalog",
    "arena",
    "ratings",
    "evaluations",
    "core",
    "config",
]
MIDDLEWARE = [
    "core.storage.database.release_afterward",
    "django.middleware.security.SecurityMiddleware",
    "config.server.response_headers.headers_middleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.monitoring.probe_middleware.probe_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.admin.messages.AdminMessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "arena.identity.voters.voter_middleware",
    "arena.identity.api_access.api_access_middleware",
    "arena.identity.accounts.login_required_middleware",
    "arena.identity.quotas.WorkMiddleware",
    "core.http.outages.OutageMiddleware",
]
ROOT_URLCONF = "config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.http.color_scheme.color_scheme",
                "ratings.web.leaderboard.leaders.add_leaders",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]

DATABASE_FIELDS = ("dbname", "user", "password", "host", "port")
_conninfo = conninfo_to_dict(ENVIRONMENT.database_url)
DATABASE_OPTIONS: dict[str, Any] = {
    # A proxy or a failover can drop a connection without closing it. PostgreSQL's client then notices after a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    **{name: value for name, value in _conninfo.items() if name not in DATABASE_FIELDS},
    # psycopg prepares each statement after three uses, because planning the statements of a battle takes longer than
    # executing them.
    "server_side_binding": True,
    "prepare_threshold": 3,
    # Persistent connections leak under ASGI, so the web process uses a pool. It has one connection for each thread that
    # uses the database: four for views, six for queries, one for readiness, and one for metrics. A request can
    # therefore wait for a thread, but never for a connection, which would fail after 5 s. Four web processes use at
    # most 48 of the 100 connections that PostgreSQL allows by default. Eight use at most 96 of the 200 that the
    # embedded PostgreSQL allows. An unused connection is closed after 10 s, because it costs PostgreSQL 5 MB. The pool
    # gives up on lost connections early, because its retry delays double and would extend an outage.
    "pool": {"min_size": 1, "max_size": 12, "max_idle": 10, "timeout": 5, "reconnect_timeout": 5},
}
DATABASES = {
    "default": {
        "ENGINE": "core.storage.postgresql",
        "NAME": _conninfo.get("dbname", "arena"),
        "USER": _conninfo.get("user", ""),
        "PASSWORD": _conninfo.get("password", ""),
        "HOST": _conninfo.get("host", ""),
        "PORT": str(_conninfo.get("port", "")),
        "OPTIONS": DATABASE_OPTIONS,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENVIRONMENT.redis_url
CACHES = {
    "default": {
        "BACKEND": "config.server.login_attempts_cache.LoginAttemptsCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "attempts",
    },
}
CELERY_BROKER_URL = build_broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,  # longer than the workers' blocking reads, which take 1 s
    "socket_connect_timeout": 1,
    # Messages are not acknowledged in Redis, because an acknowledgment that meets a lost connection ends the worker.
    # Each task finds its work in PostgreSQL, so a lost message only delays it.
    "ack_emulation": False,
    # A vote must not wait for a broker that is down.
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "ratings"
CELERY_TASK_QUEUES = (Queue("answers"), Queue("ratings"))  # type: ignore[no-untyped-call]  # kombu has no types
CELERY_TASK_ROUTES = {"arena.answer_*": {"queue": "answers"}, "*": {"queue": "ratings"}}
# Seconds between two runs of each task. One that has not begun when the next one is due is dropped, or after an hour.
_SCHEDULE = {
    "evaluations.advance": 5.0,
    "ratings.refresh": 5.0,
    "ratings.refresh_style": 10.0,  # the boards under style control
    "ratings.thin_snapshots": 60.0,
    "ratings.update_figures": 60.0,  # of the method page
    "ratings.certify": 60.0,  # certificates of the boards
    "ratings.apply_exclusions": 60.0,
    "ratings.filter_votes": 300.0,
    "arena.roll_up": 60.0,  # summaries of endpoint calls
    "arena.expire": 600.0,  # idle battles
    "arena.delete_expired_records": 600.0,  # stored responses
    "arena.apply_retention": 60.0,  # of questions and answers
    "arena.delete_idle_voters": 24 * 3600.0,
    "arena.clear_sessions": 24 * 3600.0,  # old sessions
}
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": seconds, "options": {"expires": min(seconds, 3600)}}
    for task, seconds in _SCHEDULE.items()
}

TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "config.formats"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
# With "no-referrer", browsers would send Arena's forms with `Origin: null`.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
if SECURE:
    SESSION_COOKIE_NAME = "__Host-sessionid"  # browsers accept a __Host- cookie only from this exact host
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.arena_public_url] if ENVIRONMENT.arena_public_url else []
# The proxy terminates TLS and redirects HTTP to HTTPS. HSTS does not include subdomains, because they might belong to
# other services.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.arena_proxy_hops else None
SECURITY_CONTACT = ENVIRONMENT.arena_security_contact
FILE_UPLOAD_HANDLERS = [
    "core.http.forms.Utf8UploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Enough for the longest question with every character escaped in JSON, and for all other fields.
MAX_BODY_BYTES = 12 * ENVIRONMENT.arena_conversation_characters + 16_000
# Limits for score files, which forms send unchanged and API clients send as JSON strings.
BODY_LIMITS_BY_PATH = {"/benchmarks/submit/": 1_000_000 + 16_000, "/api/v1/submissions/": 2 * 1_000_000}
DATA_UPLOAD_MAX_MEMORY_SIZE = max(MAX_BODY_BYTES, *BODY_LIMITS_BY_PATH.values())  # Django's check knows no paths

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_ENGINE = "arena.models.sessions"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "arena.identity.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_FORMS = {"change_password": "arena.identity.accounts.ChangePasswordForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    # Failed logins from one address (for IPv6, one /64): ten per minute for all usernames together, and five in five
    # minutes for each username. From all addresses together: 30 per hour for each username (see
    # `arena.identity.login_locks`).
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_anywhere": "30/h/key",
}
MFA_ADAPTER = "core.admin.second_factor.MfaAdapter"
MFA_FORMS = {
    "authenticate": "core.admin.second_factor.AuthenticateForm",
    "reauthenticate": "core.admin.second_factor.ReauthenticateForm",
}
MFA_TOTP_TOLERANCE = 1  # phone clocks can be off by half a minute

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["arena.identity.voters.VoterAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": ["arena.identity.quotas.CallThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.http.api_errors.StrictJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "core.http.api_errors.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # treats `format` like any other unknown parameter
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Arena",
    "VERSION": "1",
    "DESCRIPTION": "Blind comparisons of language models, ranked with confidence intervals.",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "POSTPROCESSING_HOOKS": ["arena.api.document.complete_document", "ratings.api.openapi.add_stream_paths"],
    "AUTHENTICATION_WHITELIST": [],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "voter": {
                "type": "apiKey",
                "in": "cookie",
                "name": "__Host-voter" if SECURE else "voter",
                "description": "The cookie that identifies a voter. Any page sets it.",
            },
            "key": {"type": "http", "scheme": "bearer", "description": "An API key. Create one on your account page."},
        }
    },
    "SECURITY": [{"voter": []}, {"key": []}],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.server.log_format.LineFormatter",
            "format": "%(asctime)s %(process)d %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"about_server": {"()": lambda: is_about_server}, "unexpected": {"()": lambda: is_unexpected}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Workers set the root's level to WARNING with `-l`, because Celery logs several lines for each task.
        **{app: {"level": "INFO"} for app in ("arena", "catalog", "config", "core", "evaluations", "ratings")},
        "django": {"level": "WARNING"},
        "aiohttp": {"level": "WARNING"},
        "psycopg.pool": {"level": "WARNING"},  # at INFO, the pool logs each connection that it closes
        # Scanners send thousands of requests for missing paths and unknown hosts.
        "django.request": {"level": "ERROR", "filters": ["unexpected"]},
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        "uvicorn.error": {"filters": ["about_server"]},
    },
}
