"""Decides whether a vote counts in ratings, and determines its categories and style features."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from arena.identity.voters import keyed_hash
from arena.judging.identity_leaks import has_leak
from arena.judging.identity_probes import is_identity_probe
from arena.judging.model_names import collect_model_names
from arena.judging.style_features import compute_features
from arena.judging.topics import classify_prompts
from arena.models import SIDES, Answer, Battle, Turn, Visibility, battle_turns
from core.storage.advisory_locks import AdvisoryLock, acquire_lock
from core.storage.database import fetch_rows

SIDE_BY_SIDE = "side_by_side"
NAMED_MODELS = "named_models"
STOPPED = "stopped"
ONE_SIDED = "one_sided"
IDENTITY_LEAK = "identity_leak"
IDENTITY_PROBE = "identity_probe"
REPEATED_PROMPT = "repeated_prompt"
OWN_QUESTION_CATEGORY = "exclude-suggestions"  # battles that did not start with a suggestion
PROMPT_HASH_LENGTH = 32
MODEL_NAMES_SQL = """
    SELECT DISTINCT label.*, endpoint.upstream_id, maker.name FROM arena_contestant contestant
    LEFT JOIN catalog_languagemodel model ON model.id = contestant.model_id
    LEFT JOIN arena_endpoint endpoint ON endpoint.id = contestant.endpoint_id
    LEFT JOIN catalog_organization maker ON maker.id = model.organization_id,
    LATERAL (VALUES (contestant.name, contestant.slug), (model.name, model.slug)) AS label (name, slug)
    WHERE contestant.id IN (%s, %s) AND label.name IS NOT NULL"""
VERSIONS_SQL = """
    SELECT answer.id, answer.attempt, answer.stopped FROM arena_turn turn
    JOIN arena_answer answer ON answer.turn_id = turn.id WHERE turn.battle_id = %s"""
COUNTED_VOTE_SQL = """
    SELECT FROM arena_vote WHERE voter = %s AND prompt_hash = %s AND pool_id = %s AND counted
    AND contestant_a_id IN (%s, %s) AND contestant_b_id IN (%s, %s) LIMIT 1"""


@dataclass(frozen=True)
class AnswerVersions:
    """The version of a battle's text. It changes if a contestant is replaced or an answer is retried or stopped.

    answers: the (id, attempt, stopped) of each answer, sorted by id
    """

    contestant_a: int
    contestant_b: int
    answers: tuple[tuple[int, int, bool], ...]

    @classmethod
    def of(cls, battle: Battle, answers: Iterable[tuple[int, int, bool]]) -> Self:
        return cls(battle.contestant_a_id, battle.contestant_b_id, tuple(sorted(answers)))


@dataclass(frozen=True)
class BattleAnalysis:
    """The inputs to the vote rules that depend on a battle's text. A turn is judged if both answers are finished.

    versions: the version of the analyzed text
    is_one_sided: whether a question made one side fail
    has_leak: whether an answer reveals its model
    has_identity_probe: whether a question up to the last judged turn is an identity probe
    categories: the categories of the judged turns
    features: the style features of side a, then those of side b, from the judged turns
    turns: the number of judged turns
    prompt_hash: the keyed hash of the first question
    """

    versions: AnswerVersions
    is_one_sided: bool
    has_leak: bool
    has_identity_probe: bool
    categories: list[str]
    features: list[float]
    turns: int
    prompt_hash: str


def analyze_battle(battle: Battle) -> BattleAnalysis:
    """Analyze a battle, and prefetch its turns and answers.

    Call this before taking locks, because the analysis of hostile text can take most of a second.
    """
    battle_turns.prefetch_turns(battle)
    turns = list(battle.turns.all())
    answers = [answer for turn in turns for answer in turn.answers.all()]
    versions = AnswerVersions.of(battle, ((answer.pk, answer.attempt, answer.stopped) for answer in answers))
    judged = [turn for turn in turns if all(answer.state == Answer.State.FINISHED for answer in turn.answers.all())]
    last_judged = max((turn.number for turn in judged), default=0)
    # A question whose answer failed counts, too, once a later turn is judged.
    judged_prompts = [turn.prompt for turn in turns if turn.number <= last_judged]
    is_blind = not Visibility.of_voter(battle.mode, Battle.State.READY).names
    features: list[float] = []
    for side in SIDES:
        texts = [answer.text for turn in judged for answer in turn.answers.all() if answer.side == side]
        features += compute_features(texts)
    categories = classify_prompts([turn.prompt for turn in judged])
    if battle.prompt_source != Battle.PromptSource.SUGGESTION:
        categories.append(OWN_QUESTION_CATEGORY)
    return BattleAnalysis(
        versions=versions,
        is_one_sided=any(find_failed_side(turn.answers.all()) for turn in turns),
        has_leak=is_blind and _has_leak(battle, turns),
        has_identity_probe=is_blind and any(map(is_identity_probe, judged_prompts)),
        categories=categories,
        features=features,
        turns=len(judged),
        prompt_hash=hash_prompt(turns[0].prompt) if turns else "",  # a deleted battle has no turns
    )


def confirm_analysis(battle: Battle, analysis: BattleAnalysis) -> BattleAnalysis:
    """Return the given analysis, or a new one if the battle's text has changed since. The battle must be locked."""
    if analysis.versions == AnswerVersions.of(battle, fetch_rows(VERSIONS_SQL, [battle.pk])):
        return analysis
    battle.refresh_from_db()  # discards prefetched turns and answers
    return analyze_battle(battle)


def find_failed_side(answers: Collection[Answer]) -> str:
    """Return the side of a one-sided failure, or "" if there is none.

    In a one-sided failure, the question made one side fail, and the other side answered. Voters can choose a question
    for this purpose, and they see which side fails.
    """
    failed_sides = [answer.side for answer in answers if answer.failure in Answer.CAUSED_BY_QUESTION]
    has_finished = any(answer.state == Answer.State.FINISHED for answer in answers)
    return failed_sides[0] if failed_sides and has_finished else ""


def hash_prompt(prompt: str) -> str:
    """Return a keyed hash of the question, ignoring case and whitespace."""
    return keyed_hash("prompt", " ".join(prompt.split()).casefold())[:PROMPT_HASH_LENGTH]


def find_exclusion_reason(battle: Battle, analysis: BattleAnalysis) -> str:
    """Return the reason why the vote on this battle does not count, or "" if it counts.

    Call this in the vote's transaction.
    """
    if battle.mode != Battle.Mode.ANONYMOUS:
        return SIDE_BY_SIDE
    if battle.rated_pool is None:
        return NAMED_MODELS
    if any(stopped for _, _, stopped in analysis.versions.answers):
        return STOPPED
    if analysis.is_one_sided or battle.one_sided:
        return ONE_SIDED
    if analysis.has_leak:
        return IDENTITY_LEAK
    if analysis.has_identity_probe:
        return IDENTITY_PROBE
    return REPEATED_PROMPT if _is_already_counted(battle, analysis.prompt_hash) else ""


def _is_already_counted(battle: Battle, prompt_hash: str) -> bool:
    """Return whether an earlier vote of this voter counts for the same question and contestants.

    An advisory lock serializes a voter's concurrent votes. A lock on the voter's row could cause a deadlock, because
    the battle is already locked here, and deletions and logins lock the voter before battles.
    """
    acquire_lock(AdvisoryLock.VOTES, str(battle.voter_id))
    pair = [battle.contestant_a_id, battle.contestant_b_id]
    return bool(fetch_rows(COUNTED_VOTE_SQL, [battle.voter_id, prompt_hash, battle.pool_id, *pair, *pair]))


def _has_leak(battle: Battle, turns: list[Turn]) -> bool:
    rows = fetch_rows(MODEL_NAMES_SQL, [battle.contestant_a_id, battle.contestant_b_id])
    own_names = frozenset[str]().union(*(collect_model_names(*row) for row in rows))
    texts = ((turn.prompt, [answer.text for answer in turn.answers.all()]) for turn in turns)
    return has_leak(texts, own_names)
