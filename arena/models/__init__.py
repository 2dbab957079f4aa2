"""Models for contestants, endpoints, voters, battles, answers, votes, and access."""

from arena.models.access import ApiKey, DailyTokens, Invitation, Session, StoredResponse
from arena.models.answers import Answer
from arena.models.battles import (
    IS_LISTED,
    IS_SHARED,
    SIDES,
    Battle,
    DrawTable,
    PairWeight,
    Standing,
    Suggestion,
    Turn,
    Voter,
    get_conversation_limit,
)
from arena.models.contestants import IS_ENABLED, Contestant, find_plain, get_or_create_plain, list_contestants
from arena.models.endpoints import Endpoint, EndpointCall, EndpointDay, Slot
from arena.models.pools import API_POOL, BUILT_IN_SLUGS, LIVE_POOL, LIVE_SLUG, READY_POOL, Pool
from arena.models.privacy import HashKey, NetworkSalt, Report
from arena.models.questions import Question, QuestionSet
from arena.models.visibility import NAMES_KNOWN, Visibility
from arena.models.votes import ImportedRow, Vote, VoteFile

__all__ = [
    "API_POOL", "BUILT_IN_SLUGS", "IS_ENABLED", "IS_LISTED", "IS_SHARED", "LIVE_POOL", "LIVE_SLUG", "NAMES_KNOWN",
    "READY_POOL", "SIDES", "Answer", "ApiKey", "Battle", "Contestant", "DailyTokens", "DrawTable", "Endpoint",
    "EndpointCall", "EndpointDay", "HashKey", "ImportedRow", "Invitation", "NetworkSalt", "PairWeight", "Pool",
    "Question", "QuestionSet", "Report", "Session", "Slot",
    "Standing", "StoredResponse", "Suggestion", "Turn", "Visibility", "Vote", "VoteFile", "Voter",
    "find_plain", "get_conversation_limit", "get_or_create_plain", "list_contestants",
]  # fmt: skip
