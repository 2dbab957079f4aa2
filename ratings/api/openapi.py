"""Decorators that describe the calls of boards, votes and choices in the OpenAPI document. They parse nothing."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from arena.api.openapi import MODELS_TAG
from core.http.openapi import PAGE_PARAMETERS, STREAM_ERRORS, describe_operation, describe_stream
from core.http.openapi_forms import build_parameters
from ratings.api import examples, examples_reports, serializers_reports
from ratings.api import serializers as shapes
from ratings.boards import snapshots
from ratings.choice.form import ChoiceForm
from ratings.reports import frontier

FIGURES_NOTE = "The page `/method/#figures` defines each figure."
BOARDS_TAG = "Boards"
VOTES_TAG = "Votes"
CHOICE_TAG = "Choice"
BENCHMARKS_TAG = "Benchmarks"
TIME_FORMAT = "ISO 8601, UTC by default; write + as %2B"
BOARD_PARAMETERS = (
    OpenApiParameter("pool", str, default="live", description="As listed by `pools/`."),
    OpenApiParameter("category", str, default="overall", description="As listed by `categories/`."),
    OpenApiParameter("style_control", bool, default=False, description="Remove the effect of style from the ratings."),
    OpenApiParameter("method", str, enum=snapshots.METHODS, default="bt", description="Bradley-Terry, or Elo."),
    OpenApiParameter("at", str, description=f"Return the newest stored board at or before this time: {TIME_FORMAT}."),
)

model_detail = describe_operation(
    "model",
    MODELS_TAG,
    (
        "One model",
        (
            "The fields of the model list, and the rest of the model's page: its placements on the boards, reasons of "
            "voters, obligations of its license, sources that disagree, and benchmark scores."
        ),
    ),
    (serializers_reports.ModelReportSchema, examples_reports.MODEL_REPORT),
    parameters=[
        OpenApiParameter(
            "pool", str, description="The pool of the categories and reasons; by default that of the model's page."
        )
    ],
)
leaderboard = describe_operation(
    "leaderboard",
    BOARDS_TAG,
    (
        "A board",
        (
            "The newest board at or before `at`, exactly as it was published. Ratings are maximum-likelihood estimates "
            "with sandwich intervals, all in full precision; an open end of an interval is null. Under "
            "style control, only votes with a known style of both answers count: without any, `votes` is 0 and each "
            "coefficient is null; if they have no finite ratings, `problem` is `separable`, `votes` is their number, "
            f"and there are no rows; pools imported as counts return 404. {FIGURES_NOTE}"
        ),
    ),
    (shapes.BoardSchema, examples.BOARD),
    parameters=BOARD_PARAMETERS,
    etag=True,
)
leaderboard_pairwise = describe_operation(
    "leaderboard_pairwise",
    BOARDS_TAG,
    (
        "Compare all pairs of models",
        (
            "Matrices, row against column, best model first: counts of votes, the predicted score of the row (a tie is "
            "half a win), the difference of ratings with its error from the joint covariance and the effective number "
            "of voters, and how many more direct votes would separate the two at today's estimate. Values are null if "
            "a rating is unbounded or the two are not comparable. With `at`, the matrices are from the last board of a "
            "day; `computed_at` is its time."
            f" {FIGURES_NOTE}"
        ),
    ),
    (shapes.PairwiseSchema, examples.PAIRWISE),
    parameters=(
        *BOARD_PARAMETERS,
        OpenApiParameter(
            "models", str, many=True, explode=False, description="Slugs of the models to include, separated by commas."
        ),
    ),
    etag=True,
)
leaderboard_history = describe_operation(
    "leaderboard_history",
    BOARDS_TAG,
    (
        "Ratings over time",
        "The ratings of some models on the published boards, oldest first; at most 200 points.",
    ),
    (shapes.RatingHistorySchema, examples.RATING_HISTORY),
    parameters=(
        *BOARD_PARAMETERS,
        OpenApiParameter("model", str, many=True, description="Up to twenty slugs; by default the ten best."),
        OpenApiParameter("since", str, description=f"Earliest time, no later than `until`: {TIME_FORMAT}."),
        OpenApiParameter("until", str, description=f"Latest time: {TIME_FORMAT}."),
    ),
    etag=True,
)
leaderboard_frontier = describe_operation(
    "leaderboard_frontier",
    BOARDS_TAG,
    (
        "Ratings against price or speed",
        (
            "The models of a board with today's price (dollars per million tokens, blended 3:1) or today's speed "
            "measured here (tokens per second). A model is on the frontier if no other model beats it in both. "
            "`left_out` lists the omitted models with the reason."
        ),
    ),
    (shapes.FrontierSchema, examples.FRONTIER),
    parameters=(
        *BOARD_PARAMETERS,
        OpenApiParameter("against", str, enum=frontier.AXES, default=frontier.PRICE, description="The second axis."),
    ),
    etag=True,
)
leaderboard_moved = describe_operation(
    "leaderboard_moved",
    BOARDS_TAG,
    (
        "Changes of a board",
        (
            "Compares the newest boards at or before two times: the change of each model, and whether it is "
            "significant. A rating has changed significantly if it lies outside its earlier interval, a rank if it "
            "lies outside its earlier range among the earlier models; a change of tier is a test by itself. Includes "
            "the votes of each day."
        ),
    ),
    (serializers_reports.MovementReportSchema, examples_reports.MOVEMENT_REPORT),
    parameters=(
        *BOARD_PARAMETERS[:4],
        OpenApiParameter("since", str, description=f"Default: a day before the end. {TIME_FORMAT}."),
        OpenApiParameter("until", str, description=f"Default: now. {TIME_FORMAT}."),
    ),
    etag=True,
)
leaderboard_method = describe_operation(
    "leaderboard_method",
    BOARDS_TAG,
    (
        "Figures of the method page",
        (
            "How the ratings of a pool are calculated: votes that count and reasons why others do not, the shares of "
            "each model and maker, whether voters favor a side, the chances of pairs and their audit, and the effect "
            "of style. Returns 404 for a pool of kind `reference`, whose votes are not published."
        ),
    ),
    (serializers_reports.MethodReportSchema, examples_reports.METHOD_REPORT),
    parameters=BOARD_PARAMETERS[:1],
    etag=True,
)
pool_list = describe_operation(
    "pool_list",
    BOARDS_TAG,
    ("All pools", "Sets of votes with separate rankings, and the categories for which each has a board, by slug."),
    (shapes.PoolPageSchema, examples.POOL_PAGE),
    parameters=PAGE_PARAMETERS,
)
category_list = describe_operation(
    "category_list",
    BOARDS_TAG,
    (
        "All categories",
        "The categories of all pools, by slug; `pools/` lists those for which each pool has a board.",
    ),
    (shapes.CategoryPageSchema, examples.CATEGORY_PAGE),
    parameters=PAGE_PARAMETERS,
)
vote_list = describe_operation(
    "vote_list",
    VOTES_TAG,
    (
        "The public record, page by page",
        (
            "The votes of a pool up to 24 hours ago, by id. They have no texts, times are cut to the hour, and a "
            "pseudonym is valid for one person, one day and one pool. To continue later, request the votes after the "
            "last id that you have."
        ),
    ),
    (shapes.PublicVotePageSchema, examples.VOTE_PAGE),
    parameters=(
        BOARD_PARAMETERS[0],
        OpenApiParameter("after", int, description="Return the votes after this id."),
        PAGE_PARAMETERS[1],
    ),
)
disagreement = describe_operation(
    "disagreement",
    BENCHMARKS_TAG,
    (
        "Compare a benchmark with human votes",
        (
            "Least-squares regression of the ratings of a board on scores of equal conditions, over the models that "
            "have both. A model far below the line scores higher than people prefer, by overfitting, leakage, a narrow "
            "scope, or chance. Below a rank correlation of 0.3 the benchmark has lost its rank signal. `problem` is"
            " set and there is no line if there are too few models, or if all values are equal. Without `pool`, the"
            " ratings are this arena's own, or, while too few models have one, those of the first pool with enough."
        ),
    ),
    (shapes.DisagreementSchema, examples.DISAGREEMENT),
    parameters=(
        OpenApiParameter("pool", str, description="As listed by `pools/`."),
        BOARD_PARAMETERS[1],
        OpenApiParameter(
            "conditions", str, description="A `key` of the response; by default the one with the most models."
        ),
        BOARD_PARAMETERS[4],
    ),
    etag=True,
)
shortlist = describe_operation(
    "shortlist",
    CHOICE_TAG,
    (
        "A shortlist",
        (
            "The models that meet hard limits, best for the task first, and the reasons that exclude the others. "
            "`near_misses` fail only one limit; `gained` is the number of models that dropping each limit adds."
        ),
    ),
    (shapes.ShortlistSchema, examples.SHORTLIST),
    parameters=build_parameters(ChoiceForm),
)


def add_stream_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the paths of the streams, as a hook of drf-spectacular."""
    result["paths"]["/api/v1/leaderboard/events"] = describe_stream(
        "leaderboard_events",
        BOARDS_TAG,
        (
            "Follow the boards",
            "Server-sent events for five minutes: `board` within a second after a board changes.",
        ),
        ("text/event-stream", examples.BOARD_EVENTS),
        (),
    )
    result["paths"]["/api/v1/votes.jsonl"] = describe_stream(
        "vote_file",
        VOTES_TAG,
        (
            "The public record as one file",
            "All rows as JSON Lines, in the format of `export_votes --public` and `import_votes`.",
        ),
        ("application/x-ndjson", examples.VOTE_FILE),
        (
            {
                "name": "pool",
                "in": "query",
                "schema": {"type": "string", "default": "live"},
                "description": "As listed by `pools/`.",
            },
        ),
        (400, *STREAM_ERRORS),
    )
    return result
