"""The calls of boards and votes in the OpenAPI document: one decorator for each. Nothing is parsed by them."""

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

FIGURES_NOTE = "The page `/method/#figures` tells how each figure is made."
BOARDS_TAG, VOTES_TAG, CHOICE_TAG, BENCHMARKS_TAG = "Boards", "Votes", "Choice", "Benchmarks"
TIME_FORMAT = "ISO 8601, in UTC where it names no zone; + is written %2B"
BOARD_PARAMETERS = (
    OpenApiParameter("pool", str, default="live", description="As listed by `pools/`."),
    OpenApiParameter("category", str, default="overall", description="As listed by `categories/`."),
    OpenApiParameter("style_control", bool, default=False, description="Style taken out of the ratings."),
    OpenApiParameter("method", str, enum=snapshots.METHODS, default="bt", description="Bradley-Terry, or Elo."),
    OpenApiParameter("at", str, description=f"The newest board at or before this time that is kept: {TIME_FORMAT}."),
)

model_detail = describe_operation(
    "model",
    MODELS_TAG,
    (
        "One model",
        (
            "As in the list of all models, and what its page shows beyond that: where it stands on the boards, what "
            "voters said of it, what its license asks for, which sources disagree, and its scores on benchmarks."
        ),
    ),
    (serializers_reports.ModelReportSchema, examples_reports.MODEL_REPORT),
    parameters=[
        OpenApiParameter(
            "pool", str, description="Of which each category and the reasons are told; else as on its page."
        )
    ],
)
leaderboard = describe_operation(
    "leaderboard",
    BOARDS_TAG,
    (
        "A board",
        (
            "The newest one at or before `at`, exactly as it was published. Ratings by maximum likelihood, intervals "
            "by the sandwich, all figures in full precision; an end of an interval that nothing closes is null. Under "
            "style control only votes count of which the style of both answers is known: where there are none, `votes` "
            "is 0 and each coefficient null; where they fit no finite ratings, `problem` is `separable`, `votes` says "
            f"how many they are, and there are no rows; votes that came as counts are 404. {FIGURES_NOTE}"
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
        "Each model against each",
        (
            "Matrices, row against column, best first: counts of votes, the predicted score of the row with a tie as "
            "half a win, the difference of ratings with its error from the joint covariance and the voters in effect, "
            "and how many more direct votes would separate the two at today's estimate. Null where a rating is not "
            "bounded or the two cannot be compared. With `at`: as of the last board of a day, `computed_at` says which."
            f" {FIGURES_NOTE}"
        ),
    ),
    (shapes.PairwiseSchema, examples.PAIRWISE),
    parameters=(
        *BOARD_PARAMETERS,
        OpenApiParameter(
            "models", str, many=True, explode=False, description="Only these: slugs, with commas between them."
        ),
    ),
    etag=True,
)
leaderboard_history = describe_operation(
    "leaderboard_history",
    BOARDS_TAG,
    (
        "Ratings over time",
        "What the boards said of some models, oldest first; at most 200 points.",
    ),
    (shapes.RatingHistorySchema, examples.RATING_HISTORY),
    parameters=(
        *BOARD_PARAMETERS,
        OpenApiParameter("model", str, many=True, description="Up to twenty slugs; without any the ten best."),
        OpenApiParameter("since", str, description=f"Not before, and not after `until`: {TIME_FORMAT}."),
        OpenApiParameter("until", str, description=f"Not after: {TIME_FORMAT}."),
    ),
    etag=True,
)
leaderboard_frontier = describe_operation(
    "leaderboard_frontier",
    BOARDS_TAG,
    (
        "What a rating costs",
        (
            "The models of a board beside their price (dollars a million tokens, three in and one out) or beside the "
            "speed measured here (tokens a second), both of today. Those that no other one beats in both are on the "
            "frontier. `left_out` says which models have no place there, and why."
        ),
    ),
    (shapes.FrontierSchema, examples.FRONTIER),
    parameters=(
        *BOARD_PARAMETERS,
        OpenApiParameter(
            "against", str, enum=frontier.AXES, default=frontier.PRICE, description="What stands beside it."
        ),
    ),
    etag=True,
)
leaderboard_moved = describe_operation(
    "leaderboard_moved",
    BOARDS_TAG,
    (
        "What moved",
        (
            "Two boards compared, the newest at or before each of two times: of each model how far it moved, and "
            "whether by more than noise. A rating did if it now lies outside of its interval of then, a rank if it "
            "lies outside of its range of then among the models of then; a change of tier is a test by itself. And "
            "how many votes came on each day."
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
        "How its ratings come about",
        (
            "The figures of a pool's method page: which votes count and why others do not, what each model and maker "
            "has of them, whether voters favour a side, how pairs are drawn and the audit of that, and what style is "
            "worth. 404 for a pool of kind `reference`, whose votes are elsewhere."
        ),
    ),
    (serializers_reports.MethodReportSchema, examples_reports.METHOD_REPORT),
    parameters=BOARD_PARAMETERS[:1],
    etag=True,
)
pool_list = describe_operation(
    "pool_list",
    BOARDS_TAG,
    ("All pools", "Sets of votes that are ranked on their own, and of which categories each has a board; by slug."),
    (shapes.PoolPageSchema, examples.POOL_PAGE),
    parameters=PAGE_PARAMETERS,
)
category_list = describe_operation(
    "category_list",
    BOARDS_TAG,
    (
        "All categories",
        "What questions are about, over all pools; `pools/` says which of them have a board of each. By slug.",
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
            "The votes of a pool in the order of their ids, up to 24 hours ago. Without texts; times are cut to the "
            "hour; a pseudonym holds for one person, one day and one pool. To continue later, ask for those after the "
            "last id that you have."
        ),
    ),
    (shapes.PublicVotePageSchema, examples.VOTE_PAGE),
    parameters=(
        BOARD_PARAMETERS[0],
        OpenApiParameter("after", int, description="The id of a vote; those after it come."),
        PAGE_PARAMETERS[1],
    ),
)
disagreement = describe_operation(
    "disagreement",
    BENCHMARKS_TAG,
    (
        "Where a benchmark and people disagree",
        (
            "Ratings of a board on scores of equal conditions by least squares, over the models that have both. Far "
            "below the line: scores higher than people prefer, by overfitting, leakage, a narrow scope, or chance. "
            "Below a rank correlation of 0.3 the benchmark has lost its rank signal. With too few models, or where all "
            "figures are the same, `problem` says so, and there is no line. Without `pool`: this arena's own ratings, "
            "or as long as too few models have one, those of the first pool with enough."
        ),
    ),
    (shapes.DisagreementSchema, examples.DISAGREEMENT),
    parameters=(
        OpenApiParameter("pool", str, description="As listed by `pools/`."),
        BOARD_PARAMETERS[1],
        OpenApiParameter("conditions", str, description="A `key` of the answer; without one those with most models."),
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
            "Which models are left under hard limits, the best for the task first, and why each other one is not. "
            "`near_misses` fail one limit alone; `gained` says of each limit how many more would be left without it."
        ),
    ),
    (shapes.ShortlistSchema, examples.SHORTLIST),
    parameters=build_parameters(ChoiceForm),
)


def add_stream_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular."""
    result["paths"]["/api/v1/leaderboard/events"] = describe_stream(
        "leaderboard_events",
        BOARDS_TAG,
        (
            "Follow the boards",
            "Server-sent events: `board` within a second after a board has changed, for five minutes.",
        ),
        ("text/event-stream", examples.BOARD_EVENTS),
        (),
    )
    result["paths"]["/api/v1/votes.jsonl"] = describe_stream(
        "vote_file",
        VOTES_TAG,
        (
            "The public record as one file",
            "JSON Lines, as `export_votes --public` writes and `import_votes` reads them: the same rows, unpaged.",
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
