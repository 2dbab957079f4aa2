"""What holds for all calls of the API, in sentences with code in backticks: who may ask, how often, what comes back."""

from django.conf import settings
from django.utils.translation import gettext as _

from arena.battles import set_quotas
from arena.identity import quotas, running_battles
from arena.identity.idempotency import KEY_RETENTION
from core.http.pagination import MAX_PAGE_SIZE
from core.http.rate_limit import DEFAULT_BURST


def list_rules() -> list[str]:
    """The limits are those that are in force here, with the names of their settings."""
    return [
        _(
            "Who asks is known by the signed cookie `voter` (behind https `__Host-voter`), which the first page or the "
            "first request that writes sets, or by an API key: `Authorization: Bearer KEY`. A request with the cookie "
            "that writes also carries `X-CSRFToken`, equal to the cookie `csrftoken`."
        ),
        _(
            "A key has scopes: `read` for all that is asked with GET, `vote` for votes, `battle` for all else that is "
            "sent; 403 `scope` names the one that it lacks. It is a voter of its own, and its votes count in the pool "
            "`api`, or in that of the models that its battle named."
        ),
        _describe_limits(),
        _(
            "A set of models that a battle names is new while it has no board. A voter or key may name %(each)s new "
            "sets a day, and an address %(together)s; one more is a 429 `too_many_sets`. The board of a set is found "
            "by its slug alone, and goes when nobody votes on it for 30 days; the next vote makes it anew."
        )
        % {"each": set_quotas.DAILY_SETS_PER_VOTER, "together": set_quotas.DAILY_SETS_PER_ADDRESS},
        _(
            "A POST of a battle, a further question or a vote may carry an `Idempotency-Key`. Sent again with the same "
            "key within %(hours)s hours it happens once and is answered alike; 422 if it came with another request."
        )
        % {"hours": int(KEY_RETENTION.total_seconds()) // 3600},
        _(
            "Boards, their pairs, history, frontier and method, disagreements, and movements between two times that "
            "are told come with an `ETag`. Sent back as `If-None-Match` it brings a 304 without a body for as long as "
            "nothing has changed."
        ),
        _(
            'Errors are `{"error": {"code", "detail", "fields"}}` with the right status: `code` for programs, `detail` '
            "for people, `fields` where single fields are wrong. A parameter that a call does not have is one, and so "
            "is one that comes twice where one value is taken."
        ),
        _("Times are ISO 8601 in UTC. Numbers carry full precision; what is open or unknown is `null`."),
        _("Lists come in pages of at most %(most)s; `next` is the address of the next one, or `null`.")
        % {"most": MAX_PAGE_SIZE},
    ]


def _describe_limits() -> str:
    sentence = _(
        "Each voter or key, and in brackets its address, has for an hour: %(battles)s (%(together)s) battles, set by "
        "`ARENA_BATTLES_PER_HOUR` and `ARENA_BATTLES_PER_HOUR_ADDRESS`; %(turns)s times as many further questions and "
        "tries; a third as many things sent for the catalogue; %(files)s (%(files_together)s) files of votes; and "
        "%(calls)s (%(calls_together)s) calls that read, and as many that write. They are refilled evenly, and at most "
        "%(burst)s battles or questions can be asked at once. Each %(characters)s characters of history and question "
        "count as one. A /56 of IPv6 has twice, a /48 and a /24 of IPv4 four times as many as an address. "
        "At most %(running)s battles of a voter and %(running_together)s of an address are answered at a time. "
        "Up to %(streams)s battles may be followed at once (`ARENA_STREAMS_PER_VOTER`), and from one address up to "
        "%(streams_together)s battles and as many boards. Calls that take long to compute are charged for the work. "
        "A setting of 0 is no limit. Keys, and members where a login is required, are charged without their address. "
        "Beyond these limits a call gets a 429, and `Retry-After` says after how many seconds to try again."
    )
    environment = settings.ENVIRONMENT
    return sentence % {
        "battles": environment.arena_battles_per_hour,
        "together": environment.arena_battles_per_hour_address,
        "streams": environment.arena_streams_per_voter,
        "streams_together": environment.arena_streams_per_voter * quotas.ADDRESS_FACTOR,
        "turns": quotas.TURNS_PER_BATTLE,
        "burst": DEFAULT_BURST,
        "characters": f"{quotas.CHARACTERS_PER_CHARGE:,}",
        "running": running_battles.MAX_PER_VOTER,
        "running_together": running_battles.MAX_PER_ADDRESS,
        "files": quotas.FILES_PER_HOUR,
        "files_together": quotas.FILES_PER_HOUR * quotas.ADDRESS_FACTOR,
        "calls": f"{quotas.CALLS_PER_HOUR:,}",
        "calls_together": f"{quotas.CALLS_PER_HOUR * quotas.ADDRESS_FACTOR:,}",
    }
