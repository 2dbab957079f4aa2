"""REST API for boards, models, votes, and shortlists."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.text import slugify
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.openapi import MODELS_TAG
from arena.battles import feedback
from arena.endpoints import profiles
from arena.identity import quotas
from arena.identity.pool_access import STRANGER, Viewer, get_viewer, visible_to
from arena.models import LIVE_SLUG, Contestant, list_contestants
from catalog.api.views import BENCHMARKS_TAG, check_form
from catalog.benchmarks.rankings import load_model_scores
from catalog.models import LanguageModel
from core.http.errors import (
    RequestError,
    build_error_response,
    field_error,
    reject_unsafe_method,
    unknown_model_error,
)
from core.http.openapi import PAGE_PARAMETERS, describe_call, find_parameter_errors
from core.http.openapi_forms import build_parameters
from core.http.pagination import SlugPagination
from core.http.sse import build_stream_response, empty_stream
from core.storage.database import database_sync_to_async, release_connection
from core.storage.shared_slots import SharedSlot
from ratings.api import serializers
from ratings.boards import snapshot_cache, snapshots, time_series
from ratings.boards.board_events import event_reader
from ratings.boards.snapshots import METHODS
from ratings.choice import model_choice
from ratings.choice.form import ChoiceForm
from ratings.choice.serializers import ShortlistSchema
from ratings.interchange import public_record
from ratings.models import OVERALL_CATEGORY, Board
from ratings.reports import benchmark_agreement, frontier, method_figures, movements, order_certificate, placements

MAX_SERIES = 20
_, PAGE_SIZE_PARAMETER = PAGE_PARAMETERS
BOARDS_TAG = "Boards"
VOTES_TAG = "Votes"
CHOICE_TAG = "Choice"
TIME_FORMAT = "ISO 8601, in UTC unless it has an offset (encode + as %2B)"
POOL = OpenApiParameter("pool", str, default="live", description="Pool slug (see `pools/`).")
CATEGORY = OpenApiParameter("category", str, default="overall", description="Category slug (see `categories/`).")
AT = OpenApiParameter("at", str, description=f"Return the newest board at or before this time. {TIME_FORMAT}.")
NEWEST_BOARD_PARAMETERS = (
    POOL,
    CATEGORY,
    OpenApiParameter("style_control", bool, default=False, description="Remove the effect of style from the ratings."),
    OpenApiParameter("method", str, enum=METHODS, default="bt", description="Rating method: Bradley-Terry or Elo."),
)
BOARD_PARAMETERS = (*NEWEST_BOARD_PARAMETERS, AT)
describe_board_call = partial(describe_call, tag=BOARDS_TAG, etag=True)


def build_model_report(
    contestant: Contestant, parameters: Mapping[str, str], viewer: Viewer = STRANGER
) -> dict[str, Any]:
    """Return the report for this viewer, who may see the pool that the parameters name.

    The number of queries does not depend on the number of models or categories.
    """
    overall = placements.list_pool_placements(contestant.slug, viewer, contestant.pool_id)
    pool = parameters.get("pool") or placements.choose_default_pool(overall, parameters)
    overall_boards = {(placement.pool.slug, placement.category) for placement in overall}
    by_category = [
        placement
        for placement in placements.list_category_placements(pool, contestant.slug)
        if (placement.pool.slug, placement.category) not in overall_boards
    ]
    reasons = feedback.load_feedback_profile(contestant, pool)
    return {
        **profiles.build_full_profile(contestant),
        "boards": [*overall, *by_category],
        "reasons": reasons and {"pool": pool, **vars(reasons)},
        "scores": load_model_scores(contestant.model) if contestant.model else [],
    }


class ModelDetailView(APIView):
    @describe_call(
        "model",
        tag=MODELS_TAG,
        response=serializers.ModelReportSchema,
        parameters=[
            OpenApiParameter(
                "pool",
                str,
                description=(
                    "Pool whose categories and reasons are returned. The default is the same as on the model's page."
                ),
            )
        ],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Get a model.

        Returns the same fields as the model list, plus the model's positions on the boards, voters' reasons, the
        license terms, conflicting sources, and benchmark scores.
        """
        pool = request.query_params.get("pool", "")
        viewer = get_viewer(request)
        snapshots.check_visible(viewer, pool)
        report = build_model_report(profiles.get_contestant_or_404(slug, pool), request.query_params, viewer)
        return Response(serializers.ModelReportSchema(report).data)


class LeaderboardView(APIView):
    @describe_board_call("leaderboard", response=serializers.BoardSchema, parameters=BOARD_PARAMETERS)
    def get(self, request: Request) -> HttpResponseBase:
        """Get a board.

        Returns the newest board at or before `at`, exactly as it was published. Ratings are maximum-likelihood
        estimates with sandwich intervals, at full precision. Open ends of intervals are null. Under style control, only
        votes for which the style of both answers is known are counted. If there are none, `votes` is 0 and all
        coefficients are null. If no finite ratings fit these votes, there are no rows and `problem` is `separable`.
        Style control and Elo return 404 for pools that were imported as counts. The page `/method/#figures` defines
        each value.
        """
        board = snapshot_cache.get_board(snapshots.parse_api_board_key(request.query_params, get_viewer(request)))
        return _build_conditional_response(request, board.body, board.etag)


class PairwiseView(APIView):
    @describe_board_call(
        "leaderboard_pairwise",
        response=serializers.PairwiseSchema,
        parameters=[
            *BOARD_PARAMETERS,
            OpenApiParameter(
                "models",
                str,
                many=True,
                explode=False,
                description="Model slugs to include, separated by commas.",
            ),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Compare all pairs of models.

        Returns matrices of votes, predicted scores, rating differences with standard errors, and the number of direct
        votes that would separate each pair. Each cell compares the row's model with the column's model. The best models
        come first. The standard errors come from the joint covariance and the effective number of voters. Values are
        null if a rating is unbounded or the two models are not comparable. If you send `at`, the matrices are the
        newest stored ones at or before that time, and `computed_at` is their time. Only the last matrices of each day
        are stored, and after 31 days, only the last ones of each month. The page `/method/#figures` defines each value.
        """
        from ratings.boards import pairwise  # loads scipy, which is slow to import

        board_key = snapshots.parse_api_board_key(request.query_params, get_viewer(request))
        models = parse_model_slugs(request.query_params.get("models", "").split(","), board_key.pool)
        matrices = pairwise.build_matrices(board_key, models or None)
        return build_json_response(request, serializers.PairwiseSchema(matrices).data)


class FrontierView(APIView):
    @describe_board_call(
        "leaderboard_frontier",
        response=serializers.FrontierSchema,
        parameters=[
            *BOARD_PARAMETERS,
            OpenApiParameter(
                "against",
                str,
                enum=frontier.AXES,
                default=frontier.PRICE,
                description="Value to compare with the rating.",
            ),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Compare ratings with price or speed.

        Returns the models on a board with their current price (US dollars per million tokens, blended 3:1) or their
        current speed on this site (tokens per second). A model is on the frontier if no other model is better in both
        respects. `left_out` lists the omitted models with the reason.
        """
        board_key = snapshots.parse_api_board_key(request.query_params, get_viewer(request))
        comparison = frontier.build_frontier(board_key, request.query_params.get("against") or frontier.PRICE)
        return build_json_response(request, serializers.FrontierSchema(comparison).data)


class RatingHistoryView(APIView):
    @describe_board_call(
        "leaderboard_history",
        response=serializers.RatingHistorySchema,
        parameters=[
            *BOARD_PARAMETERS,
            OpenApiParameter(
                "model", str, many=True, description="Up to twenty slugs. The default is the ten best models."
            ),
            OpenApiParameter("since", str, description=f"Earliest time, not after `until`. {TIME_FORMAT}."),
            OpenApiParameter("until", str, description=f"Latest time. {TIME_FORMAT}."),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List ratings over time.

        Returns up to 200 ratings per model from published boards, oldest first.
        """
        board_key = snapshots.parse_api_board_key(request.query_params, get_viewer(request))
        models = request.query_params.getlist("model")
        if len(models) > MAX_SERIES:
            raise field_error("model", f"You can send “model” at most {MAX_SERIES} times.")
        since, until = (snapshots.parse_time(name, request.query_params) for name in ("since", "until"))
        series = time_series.load_series(board_key, parse_model_slugs(models, board_key.pool), since, until)
        return build_json_response(request, serializers.RatingHistorySchema(series).data)


def build_json_response(request: Request, data: dict[str, Any]) -> HttpResponseBase:
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return _build_conditional_response(request, body, snapshot_cache.compute_etag(body))


def _build_conditional_response(request: Request, body: bytes, etag: str) -> HttpResponseBase:
    """Return the body, or status 304 if the client already has it. Clients must revalidate stored responses."""
    # Accounts and keys can see boards that are not for everyone.
    is_public = get_viewer(request) == STRANGER
    headers = {"ETag": etag, "Cache-Control": "no-cache" if is_public else "private, no-cache"}
    response = HttpResponse(body, content_type="application/json", headers=headers)
    return get_conditional_response(request, etag=etag, response=response) or response


def parse_model_slugs(slugs: Iterable[str], pool: str = LIVE_SLUG) -> list[str]:
    """Return the slugs in their original order, with duplicates removed.

    Raises RequestError 404 for the first slug that no model and no contestant of the pool has.
    """
    requested = [*dict.fromkeys(slug for slug in slugs if slug)]
    storable = [slug for slug in requested if "\0" not in slug]  # PostgreSQL rejects NUL
    contestants = list_contestants(pool).order_by().filter(slug__in=storable).values_list("slug", flat=True)
    models = LanguageModel.objects.filter(slug__in=storable).values_list("slug", flat=True)
    known_slugs = set(models.union(contestants))
    for slug in requested:
        if slug not in known_slugs:
            raise unknown_model_error(slug)
    return requested


class PoolListView(APIView):
    @describe_call("pool_list", tag=BOARDS_TAG, response=serializers.PoolPageSchema, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """List pools.

        Returns the pools that you may see, sorted by slug, with the categories that have a board. A pool is a set of
        votes that are rated together.
        """
        boards = Board.objects.filter(pool=OuterRef("pk"), style_control=False)
        categories = ArraySubquery(boards.order_by("category__slug").values("category__slug"))
        overall = boards.filter(category__slug=OVERALL_CATEGORY).annotate(votes=snapshots.select_newest_fit("votes"))
        pools = visible_to(get_viewer(request)).annotate(categories=categories, votes=Subquery(overall.values("votes")))
        return SlugPagination().render_page(pools, request, serializers.PoolSchema)


class CategoryListView(APIView):
    @describe_call("category_list", tag=BOARDS_TAG, response=serializers.CategoryPageSchema, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """List categories.

        Returns the categories of the pools that you may see, sorted by slug. To find out which categories a pool has,
        see `pools/`.
        """
        categories = snapshots.list_visible_categories(get_viewer(request))
        return SlugPagination().render_page(categories, request, serializers.CategorySchema)


class VoteListView(APIView):
    @describe_call(
        "vote_list",
        tag=VOTES_TAG,
        response=serializers.PublicVotePageSchema,
        parameters=[
            POOL,
            OpenApiParameter("after", UUID, description="Return only the votes behind the one with this ID."),
            PAGE_SIZE_PARAMETER,
        ],
    )
    def get(self, request: Request) -> Response:
        """List votes in the public record.

        Returns the votes in a pool by hour, in random order within the hour. The votes of an hour appear 24 hours after
        its end. They contain no text, and times are truncated to the hour. Each pseudonym stands for one person on one
        day in one pool. To get new votes later, send the last ID that you have as `after`. The default pool is `live`,
        the blind battles in this arena. If it has no votes yet, `results` is empty.
        """
        pool = request.query_params.get("pool") or LIVE_SLUG
        size = SlugPagination().get_page_size(request) or public_record.PAGE_SIZE
        votes, after = public_record.load_page(get_viewer(request), pool, request.query_params.get("after", ""), size)
        query = request.query_params.copy()
        query["after"] = str(after)
        next_url = request.build_absolute_uri(f"?{query.urlencode()}") if after else None
        return Response(serializers.PublicVotePageSchema({"next": next_url, "results": votes}).data)


@csrf_exempt  # so that write requests get a 405 instead of a CSRF error
async def download_votes(request: HttpRequest) -> HttpResponseBase:
    """Download the public record.

    Returns the same votes as the list of votes, as JSON Lines. The format is the same as in `export_votes --public`
    and `import_votes`. The default pool is `live`, the blind battles in this arena. If the
    pool has no votes yet, the file is empty.
    """
    if method_error := reject_unsafe_method(request, "The record is read-only."):
        return method_error
    pool = request.GET.get("pool") or LIVE_SLUG
    try:
        for name, sentences in find_parameter_errors(request.GET, [POOL]).items():
            raise field_error(name, *sentences)
        file = await _open_record(request, pool)
    except RequestError as error:
        return build_error_response(error)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{slugify(pool)}.jsonl"'}
    return StreamingHttpResponse(file, content_type="application/x-ndjson", headers=headers)


@database_sync_to_async
def _open_record(request: HttpRequest, pool: str) -> Any:
    """Charge the download quota and return the file's content, which is empty for HEAD.

    Raises RequestError 429 if the quota is exhausted, 404 if the pool does not exist, and the errors of `RecordStream`.
    """
    quotas.charge("file", request)
    record_pool = public_record.find_pool(get_viewer(request), pool)
    if request.method == "HEAD":
        return ()
    release_connection()
    return public_record.RecordStream(record_pool, quotas.list_maximums("downloads", request))


class CertificateView(APIView):
    @describe_board_call(
        "leaderboard_certificate",
        response=serializers.CertificateSchema,
        parameters=NEWEST_BOARD_PARAMETERS,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Get a board's certificate.

        Returns how many voters would have to be removed to change the order of each pair of neighbors, and to put any
        other ranked model ahead of the first one. The exact number is between `at_least` and `at_most`. Only votes
        older than a day are used, so the order can differ from the newest board. Certificates are updated about once a
        minute. Numbers are null for votes whose voters are unknown, for models with an open interval, between models
        that are not connected, for Elo, and under style control.
        """
        board_key = snapshots.parse_api_board_key(request.query_params, get_viewer(request))
        certificate = order_certificate.load_certificate(board_key)
        return build_json_response(request, serializers.CertificateSchema(certificate).data)


class MovementReportView(APIView):
    @describe_board_call(
        "leaderboard_moved",
        response=serializers.MovementReportSchema,
        parameters=[
            *NEWEST_BOARD_PARAMETERS,
            OpenApiParameter("since", str, description=f"Start. The default is a day before the end. {TIME_FORMAT}."),
            OpenApiParameter("until", str, description=f"End. The default is now. {TIME_FORMAT}."),
        ],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List changes to a board.

        Compares the newest boards at or before two times. A change in rating is significant if the current rating lies
        outside the earlier interval. A change in rank is significant if the current rank, among only those models that
        are ranked on both boards, lies outside the earlier rank range. A change in tier is always significant. The
        response also contains the votes per day.
        """
        since, until = (snapshots.parse_time(name, request.query_params) for name in ("since", "until"))
        board_key = snapshots.parse_api_board_key(request.query_params, get_viewer(request))
        report = movements.build_movement_report(board_key, since, until)
        return build_json_response(request, serializers.MovementReportSchema(report).data)


class MethodReportView(APIView):
    @describe_board_call("leaderboard_method", response=serializers.MethodReportSchema, parameters=[POOL])
    def get(self, request: Request) -> HttpResponseBase:
        """Get the figures on the method page.

        Returns the figures behind a pool's ratings: counted votes, reasons why other votes are not counted, the shares
        of each model and organization, whether voters favor a side, the draw probabilities, and the effect of style.
        Returns 404 for a pool of kind `reference`, whose votes are not published.
        """
        pool = request.query_params.get("pool") or LIVE_SLUG
        snapshots.check_visible(get_viewer(request), pool)
        figures = method_figures.load_pool_figures(pool)
        lists = {name: getattr(figures.counts, name, ()) for name in ("shares", "makers")}
        fields = {**vars(figures), **lists, "rows": len(figures.board["rows"])}
        return build_json_response(request, serializers.MethodReportSchema(fields).data)


class DisagreementView(APIView):
    @describe_call(
        "disagreement",
        tag=BENCHMARKS_TAG,
        response=serializers.DisagreementSchema,
        parameters=[
            OpenApiParameter("pool", str, description="Pool slug (see `pools/`)."),
            OpenApiParameter(
                "category",
                str,
                description="Category slug (see `categories/`). The default is the benchmark's `category` if enough of "
                "the benchmark's models are rated in this category, or else `overall`.",
            ),
            OpenApiParameter(
                "conditions", str, description="A `key` from the response. The default is the key with the most models."
            ),
            AT,
        ],
        etag=True,
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """Compare a benchmark with human votes.

        Fits a linear regression of a board's ratings on comparable benchmark scores. A model far below the line has a
        higher score than human votes suggest, because of overfitting, leakage, a narrow scope, or chance. If the rank
        correlation is below 0.3, the benchmark no longer ranks models as voters do. If there are too few models or all
        values are equal, `problem` is set and there is no line. By default, the ratings are this arena's own. If too
        few models have such a rating, the first pool with enough ratings is used.
        """
        query = benchmark_agreement.parse_agreement_query(request.query_params)
        snapshots.check_visible(get_viewer(request), query.pool, query.category)
        comparison = benchmark_agreement.compare_benchmark(benchmark_agreement.get_benchmark(slug), query)
        return build_json_response(request, serializers.DisagreementSchema(comparison).data)


class ShortlistView(APIView):
    @describe_call(
        "model_shortlist", tag=CHOICE_TAG, response=ShortlistSchema, parameters=build_parameters(ChoiceForm), etag=True
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Get a shortlist.

        Returns the models that meet all limits, best for the task first; the models that meet all limits that can be
        checked but have an unknown value for at least one other limit; and the reasons why the other models are
        excluded. Retired models and demo models are left out. `near_misses` are the models that violate only one limit.
        `gained` maps each limit to the number of models that you gain by dropping that limit. In the parameter `pages`,
        one page counts as 600 tokens.
        """
        form = ChoiceForm(request.query_params, viewer=get_viewer(request))
        check_form(form)
        return build_json_response(request, ShortlistSchema(model_choice.choose_models(form)).data)


@database_sync_to_async
def _open_stream(request: HttpRequest) -> tuple[SharedSlot, Viewer]:
    """Return a slot for a stream of board events, and its viewer. Opening a stream counts as one API call.

    Raises RequestError 429 if a quota or the client's stream limit is exceeded, and 503 if no slot is free.
    """
    quotas.charge("read", request)
    viewer = get_viewer(request)
    return event_reader.acquire_slot(quotas.list_maximums("boards", request)), viewer


@csrf_exempt  # so that write requests get a 405 instead of a CSRF error
async def stream_board_events(request: HttpRequest) -> HttpResponseBase:
    """Follow changes to boards.

    Streams server-sent events for five minutes. A `board` event arrives within a second of each change to a board.
    """
    if method_error := reject_unsafe_method(request, "The event stream is read-only."):
        return method_error
    if request.method == "HEAD":
        return build_stream_response(empty_stream())
    try:
        return build_stream_response(event_reader.stream(*await _open_stream(request)))
    except RequestError as error:
        return build_error_response(error)
