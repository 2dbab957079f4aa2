"""The calls of boards and votes in the OpenAPI document: one decorator for each. Nothing is parsed by them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from arena.api.openapi import MODELS
from core.http.openapi import PAGING, STREAMED, call, streamed
from core.http.openapi_forms import parameters
from ratings.api import examples, examples_reports, serializers_reports
from ratings.api import serializers as shapes
from ratings.boards import snapshots
from ratings.choice.form import ChoiceForm
from ratings.reports import frontier

FIGURES = "The page `/method/#figures` tells how each figure is made."
BOARDS, VOTES, CHOICE, BENCHMARKS = "Boards", "Votes", "Choice", "Benchmarks"
TIME = "ISO 8601, in UTC where it names no zone; + is written %2B"
WHICH = (
    OpenApiParameter("pool", str, default="live", description="As listed by `pools/`."),
    OpenApiParameter("category", str, default="overall", description="As listed by `categories/`."),
    OpenApiParameter("style_control", bool, default=False, description="Style taken out of the ratings."),
    OpenApiParameter("method", str, enum=snapshots.METHODS, default="bt", description="Bradley-Terry, or Elo."),
    OpenApiParameter("at", str, description=f"The newest board at or before this time that is kept: {TIME}."),
)

model = call(
    "model",
    MODELS,
    (
        "One model",
        (
            "As in the list of all models, and what its page shows beyond that: where it stands on the boards, what "
            "voters said of it, what its license asks for, which sources disagree, and its scores on benchmarks."
        ),
    ),
    (serializers_reports.OneModel, examples_reports.MODEL),
    parameters=[
        OpenApiParameter(
            "pool", str, description="Of which each category and the reasons are told; else as on its page."
        )
    ],
)
leaderboard = call(
    "leaderboard",
    BOARDS,
    (
        "A board",
        (
            "The newest one at or before `at`, exactly as it was published. Ratings by maximum likelihood, intervals "
            "by the sandwich, all figures in full precision; an end of an interval that nothing closes is null. Under "
            "style control only votes count of which the style of both answers is known: where there are none, `votes` "
            "is 0 and each coefficient null; where they fit no finite ratings, `problem` is `separable`, `votes` says "
            f"how many they are, and there are no rows; votes that came as counts are 404. {FIGURES}"
        ),
    ),
    (shapes.Board, examples.BOARD),
    parameters=WHICH,
    etag=True,
)
leaderboard_pairwise = call(
    "leaderboard_pairwise",
    BOARDS,
    (
        "Each model against each",
        (
            "Matrices, row against column, best first: counts of votes, the predicted score of the row with a tie as "
            "half a win, the difference of ratings with its error from the joint covariance and the voters in effect, "
            "and how many more direct votes would separate the two at today's estimate. Null where a rating is not "
            "bounded or the two cannot be compared. With `at`: as of the last board of a day, `computed_at` says which."
            f" {FIGURES}"
        ),
    ),
    (shapes.Pairs, examples.PAIRS),
    parameters=(
        *WHICH,
        OpenApiParameter(
            "models", str, many=True, explode=False, description="Only these: slugs, with commas between them."
        ),
    ),
    etag=True,
)
leaderboard_history = call(
    "leaderboard_history",
    BOARDS,
    (
        "Ratings over time",
        "What the boards said of some models, oldest first; at most 200 points.",
    ),
    (shapes.History, examples.HISTORY),
    parameters=(
        *WHICH,
        OpenApiParameter("model", str, many=True, description="Up to twenty slugs; without any the ten best."),
        OpenApiParameter("since", str, description=f"Not before, and not after `until`: {TIME}."),
        OpenApiParameter("until", str, description=f"Not after: {TIME}."),
    ),
    etag=True,
)
leaderboard_frontier = call(
    "leaderboard_frontier",
    BOARDS,
    (
        "What a rating costs",
        (
            "The models of a board beside their price (dollars a million tokens, three in and one out) or beside the "
            "speed measured here (tokens a second), both of today. Those that no other one beats in both are on the "
            "frontier. `left_out` says which models have no place there, and why."
        ),
    ),
    (shapes.Frontier, examples.FRONTIER),
    parameters=(
        *WHICH,
        OpenApiParameter(
            "against", str, enum=frontier.AGAINST, default=frontier.PRICE, description="What stands beside it."
        ),
    ),
    etag=True,
)
leaderboard_moved = call(
    "leaderboard_moved",
    BOARDS,
    (
        "What moved",
        (
            "Two boards compared, the newest at or before each of two times: of each model how far it moved, and "
            "whether by more than noise. A rating did if it now lies outside of its interval of then, a rank if it "
            "lies outside of its range of then among the models of then; a change of tier is a test by itself. And "
            "how many votes came on each day."
        ),
    ),
    (serializers_reports.WhatMoved, examples_reports.MOVED),
    parameters=(
        *WHICH[:4],
        OpenApiParameter("since", str, description=f"Default: a day before the end. {TIME}."),
        OpenApiParameter("until", str, description=f"Default: now. {TIME}."),
    ),
    etag=True,
)
leaderboard_method = call(
    "leaderboard_method",
    BOARDS,
    (
        "How its ratings come about",
        (
            "The figures of a pool's method page: which votes count and why others do not, what each model and maker "
            "has of them, whether voters favour a side, how pairs are drawn and the audit of that, and what style is "
            "worth. 404 for a pool of kind `reference`, whose votes are elsewhere."
        ),
    ),
    (serializers_reports.Method, examples_reports.METHOD),
    parameters=WHICH[:1],
    etag=True,
)
pool_list = call(
    "pool_list",
    BOARDS,
    ("All pools", "Sets of votes that are ranked on their own, and of which categories each has a board; by slug."),
    (shapes.PoolPage, examples.POOLS),
    parameters=PAGING,
)
category_list = call(
    "category_list",
    BOARDS,
    (
        "All categories",
        "What questions are about, over all pools; `pools/` says which of them have a board of each. By slug.",
    ),
    (shapes.CategoryPage, examples.CATEGORIES),
    parameters=PAGING,
)
vote_list = call(
    "vote_list",
    VOTES,
    (
        "The public record, page by page",
        (
            "The votes of a pool in the order of their ids, up to 24 hours ago. Without texts; times are cut to the "
            "hour; a pseudonym holds for one person, one day and one pool. To continue later, ask for those after the "
            "last id that you have."
        ),
    ),
    (shapes.VotePage, examples.VOTES),
    parameters=(
        WHICH[0],
        OpenApiParameter("after", int, description="The id of a vote; those after it come."),
        PAGING[1],
    ),
)
disagreement = call(
    "disagreement",
    BENCHMARKS,
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
    (shapes.Disagreement, examples.DISAGREEMENT),
    parameters=(
        OpenApiParameter("pool", str, description="As listed by `pools/`."),
        WHICH[1],
        OpenApiParameter("conditions", str, description="A `key` of the answer; without one those with most models."),
        WHICH[4],
    ),
    etag=True,
)
shortlist = call(
    "shortlist",
    CHOICE,
    (
        "A shortlist",
        (
            "Which models are left under hard limits, the best for the task first, and why each other one is not. "
            "`near_misses` fail one limit alone; `gained` says of each limit how many more would be left without it."
        ),
    ),
    (shapes.Shortlist, examples.SHORTLIST),
    parameters=parameters(ChoiceForm),
)


def add_streams(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular."""
    result["paths"]["/api/v1/leaderboard/events"] = streamed(
        "leaderboard_events",
        BOARDS,
        (
            "Follow the boards",
            "Server-sent events: `board` within a second after a board has changed, for five minutes.",
        ),
        ("text/event-stream", examples.EVENTS),
        (),
    )
    result["paths"]["/api/v1/votes.jsonl"] = streamed(
        "vote_file",
        VOTES,
        (
            "The public record as one file",
            "JSON Lines, as `export_votes --public` writes and `import_votes` reads them: the same rows, unpaged.",
        ),
        ("application/x-ndjson", examples.RECORD),
        (
            {
                "name": "pool",
                "in": "query",
                "schema": {"type": "string", "default": "live"},
                "description": "As listed by `pools/`.",
            },
        ),
        (400, *STREAMED),
    )
    return result
