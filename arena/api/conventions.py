"""The rules for all API calls: identity, scopes, limits, retries, caching, errors, and formats."""

from django.conf import settings
from django.utils.translation import gettext as _

from arena.identity import quotas
from arena.identity.idempotency import KEY_RETENTION
from arena.identity.limits import LIMITS, TURNS_PER_BATTLE
from core.http.pagination import MAX_PAGE_SIZE
from core.http.rate_limit import DEFAULT_BURST


def list_rules() -> list[str]:
    """Return one paragraph per rule, with code in backticks. The limits are this site's current settings."""
    return [
        _(
            "Clients are identified by an API key (`Authorization: Bearer KEY`) or by the signed cookie `voter` "
            "(`__Host-voter` over HTTPS), which the response to the first page or write request sets. Write requests "
            "with the cookie must also send an `X-CSRFToken` header equal to the `csrftoken` cookie."
        ),
        _(
            "API keys have scopes: `evaluate` for all requests about evaluations, and for the rest `read` for GET "
            "requests, `vote` for votes, and `battle` for other writes. A request without the required scope returns "
            "403 `scope`, which names the missing scope. Each key is a separate voter. Its votes count in the pool "
            "`api`, and its votes on ready pairs in the pool `ready`. Votes on battles with named models are stored, "
            "but not rated."
        ),
        _describe_limits(),
        _(
            "Requests that start a battle, ask a follow-up question, or vote on a battle accept an"
            " `Idempotency-Key` header. If you repeat a request with the same key within %(hours)s hours, Arena runs it"
            " only once and returns the same response. Using the key for a different request returns 422."
        )
        % {"hours": int(KEY_RETENTION.total_seconds()) // 3600},
        _(
            "Responses with boards, certificates, pairwise comparisons, histories, the frontier, the method, "
            "disagreements, and changes between two explicit times have an `ETag`. Send it back as `If-None-Match` to "
            "get a 304 with no body if nothing has changed."
        ),
        _(
            'Errors have the form `{"error": {"code", "detail", "fields"}}` and a matching HTTP status. `code` is for '
            "programs, `detail` is a message for people, and `fields` contains the messages for each invalid field, if "
            "any. Unknown parameters are errors, and so are repeated parameters that take only one value."
        ),
        _("Times are ISO 8601 in UTC. Numbers have full precision. Unknown values and open interval ends are `null`."),
        _("Lists are paginated, with at most %(page_size)s items per page. `next` is the next page's URL, or `null`.")
        % {"page_size": MAX_PAGE_SIZE},
    ]


def _describe_limits() -> str:
    sentence = _(
        "Hourly limits apply to each voter and, in parentheses, to its IP address: %(battles)s (%(together)s) "
        "battles, set by `ARENA_BATTLES_PER_HOUR` and `ARENA_BATTLES_PER_HOUR_ADDRESS`. The limit on follow-up "
        "questions and retries is %(turns)s times the limit on battles. The limit on submissions to the catalog is a "
        "third of the limit on battles. You can download the vote file %(files)s (%(files_together)s) times an hour, "
        "and send %(calls)s (%(calls_together)s) read requests and as many write requests an hour. "
        "Quotas refill continuously, and allow bursts of at most %(burst)s battles or questions. A question costs one "
        "unit per %(characters)s characters of history and question. An IPv6 /56 network has twice an address's "
        "quota. An IPv6 /48 network and an IPv4 /24 network have four times the quota. At most %(running)s battles "
        "per voter and %(running_together)s per address can be in progress at once. You can stream up to %(streams)s "
        "battles at once (`ARENA_STREAMS_PER_VOTER`). Each address can stream up to %(streams_together)s battles and "
        "the same number of boards. Expensive requests are also charged for their computing time. A setting of 0 means "
        "no limit. All keys of an account share its limits. Keys that an operator has created, and members of a site "
        "that requires login, are not charged to their address. Requests beyond a limit return 429 with a "
        "`Retry-After` header in seconds."
    )
    environment = settings.ENVIRONMENT
    return sentence % {
        "battles": environment.arena_battles_per_hour,
        "together": environment.arena_battles_per_hour_address,
        "streams": environment.arena_streams_per_voter,
        "streams_together": LIMITS["boards"].address_maximum,
        "turns": TURNS_PER_BATTLE,
        "burst": DEFAULT_BURST,
        "characters": f"{quotas.CHARACTERS_PER_CHARGE:,}",
        "running": LIMITS["running"].per_voter,
        "running_together": LIMITS["running"].per_address,
        "files": LIMITS["file"].per_voter,
        "files_together": LIMITS["file"].per_address,
        "calls": f"{LIMITS['read'].per_voter:,}",
        "calls_together": f"{LIMITS['read'].per_address:,}",
    }
