"""What a vote is worth: whether it moves ratings and why not, on which boards, and the style of what was judged."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from arena.identity.voters import keyed_hash
from arena.judging.identity_leaks import find_leak
from arena.judging.identity_probes import is_identity_probe
from arena.judging.model_names import collect_model_names
from arena.judging.style_features import compute_features
from arena.judging.topics import classify_prompts
from arena.models import SIDES, Answer, Battle, Turn, Vote
from catalog.models import LanguageModel

SIDE_BY_SIDE = "side_by_side"
STOPPED = "stopped"
ONE_SIDED = "one_sided"
IDENTITY_LEAK = "identity_leak"
IDENTITY_PROBE = "identity_probe"
REPEATED_PROMPT = "repeated_prompt"
OWN_QUESTION_CATEGORY = "exclude-suggestions"  # the category of battles that did not begin with a card's text
ADVISORY_LOCK_KEY = (
    7_298_543  # the first key of the advisory lock under which a voter's votes are counted one after another
)
PROMPT_HASH_LENGTH = 32


@dataclass(frozen=True)
class AnswerVersions:
    """What the texts of a battle depend on: no answer (id, attempt, stopped) gets another text in the same attempt."""

    model_a: int
    model_b: int
    answers: tuple[tuple[int, int, bool], ...]

    @classmethod
    def of(cls, battle: Battle) -> "AnswerVersions":
        answers = Answer.objects.filter(turn__battle=battle).order_by("id").values_list("id", "attempt", "stopped")
        return cls(battle.model_a_id, battle.model_b_id, tuple(answers))


@dataclass(frozen=True)
class BattleAnalysis:
    """What the texts of a battle say; `of` is what was read.

    one_sided: a question made one side fail and not the other. leaking: an answer tells whose it is. probing: a
    question asks who answers, and an answer that is judged follows it. categories: of the questions. features: style
    of a, then of b. turns: how many are judged, those that both sides have finished; only they make the others.
    prompt_hash: of the first question.
    """

    of: AnswerVersions
    one_sided: bool
    leaking: bool
    probing: bool
    categories: list[str]
    features: list[float]
    turns: int
    prompt_hash: str


def analyze_battle(battle: Battle) -> BattleAnalysis:
    """Read a battle before its vote is cast: hostile texts take a good part of a second, and meanwhile nothing should
    be locked."""
    of, turns = AnswerVersions.of(battle), list(battle.turns.prefetch_related("answers"))
    judged = [turn for turn in turns if all(each.state == Answer.State.FINISHED for each in turn.answers.all())]
    last = max((turn.number for turn in judged), default=0)
    blind = battle.mode == Battle.Mode.ANONYMOUS
    sides = ([each.text for turn in judged for each in turn.answers.all() if each.side == side] for side in SIDES)
    return BattleAnalysis(
        of=of,
        one_sided=any(find_failed_side(turn.answers.all()) for turn in turns),
        leaking=blind and _has_leak(battle, turns),
        probing=blind and any(is_identity_probe(turn.prompt) for turn in turns if turn.number <= last),
        categories=classify_prompts([turn.prompt for turn in judged]) + _list_source_categories(battle),
        features=[number for texts in sides for number in compute_features(texts)],
        turns=len(judged),
        prompt_hash=hash_prompt(turns[0].prompt) if turns else "",  # none: it was deleted at this very moment
    )


def confirm_analysis(battle: Battle, reading: BattleAnalysis) -> BattleAnalysis:
    """The reading of a battle that nobody changes any more: the one from before, if it is of the same texts."""
    return reading if reading.of == AnswerVersions.of(battle) else analyze_battle(battle)


def find_failed_side(answers: Collection[Answer]) -> str:
    """The side that a question made fail while the other has answered it; empty if there is none.

    Its voter has seen which side that was, and may have chosen the question for it.
    """
    failed = [each.side for each in answers if each.failure in Answer.CAUSED_BY_QUESTION]
    finished = any(each.state == Answer.State.FINISHED for each in answers)
    return failed[0] if failed and finished else ""


def hash_prompt(prompt: str) -> str:
    """The same for questions that differ only in case and white space."""
    return keyed_hash("prompt", " ".join(prompt.split()).casefold())[:PROMPT_HASH_LENGTH]


def find_exclusion_reason(battle: Battle, reading: BattleAnalysis) -> str:
    """Why the vote on this battle moves no rating; empty if it does. In the transaction of the vote."""
    if battle.mode != Battle.Mode.ANONYMOUS:
        return SIDE_BY_SIDE
    if any(stopped for _, _, stopped in reading.of.answers):
        return STOPPED
    if reading.one_sided or battle.one_sided:
        return ONE_SIDED
    if reading.leaking:
        return IDENTITY_LEAK
    if reading.probing:
        return IDENTITY_PROBE
    return REPEATED_PROMPT if _is_already_counted(battle, reading.prompt_hash) else ""


def _is_already_counted(battle: Battle, prompt_hash: str) -> bool:
    """Whether this voter's judgement of these two models on this question is counted already.

    Two votes at once wait for each other. The voter's row would do as a lock, but whoever deletes or joins voters
    takes it before their battles, and here a battle is held already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ADVISORY_LOCK_KEY, str(battle.voter_id)])
    pair = (battle.model_a_id, battle.model_b_id)
    same = Vote.objects.filter(voter=battle.voter_id, prompt_hash=prompt_hash, pool=battle.pool, counted=True)
    return same.filter(model_a__in=pair, model_b__in=pair).exists()


def _list_source_categories(battle: Battle) -> list[str]:
    return [] if battle.prompt_source == Battle.PromptSource.SUGGESTION else [OWN_QUESTION_CATEGORY]


def _has_leak(battle: Battle, turns: list[Turn]) -> bool:
    """Whether an answer tells whose it is."""
    fighters = LanguageModel.objects.filter(pk__in=(battle.model_a_id, battle.model_b_id))
    facts = fighters.values_list("name", "slug", "endpoint__upstream_id", "organization__name")
    own_names = frozenset[str]().union(*(collect_model_names(*each) for each in facts))
    return bool(find_leak(((turn.prompt, [answer.text for answer in turn.answers.all()]) for turn in turns), own_names))
