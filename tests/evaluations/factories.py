"""Creates evaluations for tests, in any state, with few statements."""

import hashlib
import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from arena.models import Answer, Contestant, Pool, Question, QuestionSet, Vote, Voter
from evaluations.models import Assignment, Entry, Evaluation, Item, Rater
from tests import factories

_numbers = itertools.count(1)


def make_evaluation(
    state: str = "draft",
    *,
    entries: int | Sequence[Contestant] = 2,
    questions: int = 3,
    raters: int = 0,
    answered: bool | None = None,
    owner: Voter | None = None,
    viewers: Sequence[Any] = (),
    **fields: Any,
) -> Evaluation:
    """Create an evaluation with finished answers that were made elsewhere and, from open on, with all its items.

    entries: how many contestants, named `system-1` and so on, or the shared contestants whose settings are copied
    answered: whether all answers are finished, each with a text of its own. By default they are, if rating is open.
    raters: how many. The token of the n-th is `token(evaluation, n)`.
    """
    number = next(_numbers)
    is_open = state in ("open", "closed")
    name = fields.pop("name", f"Evaluation {number}")
    pool = Pool.objects.create(
        slug=fields.pop("slug", f"evaluation-{number}"),
        name=name,
        kind=Pool.Kind.EVALUATION,
        visibility=Pool.Visibility.INVITED if "looked_at" in fields else Pool.Visibility.OPERATORS,
        owner=owner or factories.voter(),
    )
    if viewers:
        pool.viewers.set(viewers)
    now = timezone.now()
    past = ["draft", "answering", "open", "closed"]
    stamps = ["created_at", "started_at", "opened_at", "closed_at"]
    times = dict.fromkeys(stamps[: past.index(state) + 1], now)
    evaluation = Evaluation.objects.create(
        pool=pool,
        question_set=QuestionSet.objects.create(name=name, owner=pool.owner),
        state=state,
        **{**times, **fields},
    )
    make_entries(evaluation, entries)
    Question.objects.bulk_create(
        Question(set=evaluation.question_set, key=str(n), position=n, text=f"Question {n}?")
        for n in range(1, questions + 1)
    )
    if is_open if answered is None else answered:
        make_answers(evaluation)
    if is_open:
        make_items(evaluation)
    make_raters(evaluation, raters)
    return evaluation


def make_entries(evaluation: Evaluation, entries: int | Sequence[Contestant]) -> list[Entry]:
    shared = [None] * entries if isinstance(entries, int) else entries
    contestants = Contestant.objects.bulk_create(
        Contestant(
            slug=f"system-{n}",
            name=f"System {n}",
            pool=evaluation.pool,
            **{"model_id": of.model_id, "endpoint_id": of.endpoint_id, "system": of.system} if of else {},
        )
        for n, of in enumerate(shared, 1)
    )
    return Entry.objects.bulk_create(
        Entry(evaluation=evaluation, contestant=contestant, position=n, source=of.slug if of else "")
        for n, (contestant, of) in enumerate(zip(contestants, shared, strict=True), 1)
    )


def make_answers(evaluation: Evaluation, **fields: Any) -> list[Answer]:
    """Store a finished answer of each contestant to each question: `Answer of system-1 to question 1.`"""
    now = timezone.now()
    return Answer.objects.bulk_create(
        Answer(
            question=question,
            contestant=contestant,
            **{
                "state": Answer.State.FINISHED,
                "text": f"Answer of {contestant.slug} to question {question.key}.",
                "finished_at": now,
                **fields,
            },
        )
        for question in evaluation.question_set.questions.all()
        for contestant in contestants_of(evaluation)
    )


def make_items(evaluation: Evaluation, overlap: bool = False) -> list[Item]:
    """Store an item for each question and pair of contestants."""
    pairs = list(itertools.combinations(contestants_of(evaluation).order_by("pk"), 2))
    answers = {
        (answer.question_id, answer.contestant_id): answer
        for answer in Answer.objects.filter(question__set=evaluation.question_set)
    }
    return Item.objects.bulk_create(
        Item(
            evaluation=evaluation,
            question=question,
            contestant_a=a,
            contestant_b=b,
            answer_a=answers[question.pk, a.pk],
            answer_b=answers[question.pk, b.pk],
            overlap=overlap,
        )
        for question in evaluation.question_set.questions.all()
        for a, b in pairs
    )


def make_raters(evaluation: Evaluation, count: int) -> list[Rater]:
    first = evaluation.raters.count() + 1
    return Rater.objects.bulk_create(
        Rater(
            evaluation=evaluation,
            number=n,
            label=f"Rater {n}",
            digest=hashlib.sha256(token(evaluation, n).encode()).hexdigest(),
        )
        for n in range(first, first + count)
    )


def token(evaluation: Evaluation, number: int) -> str:
    """Return the token in the link of the rater with this number: 22 characters of URL-safe base64, as real ones."""
    return f"{evaluation.pk}x{number}".rjust(22, "t")


def contestants_of(evaluation: Evaluation) -> QuerySet[Contestant]:
    return Contestant.objects.filter(entry__evaluation=evaluation).order_by("entry__position")


def judge(item: Item, rater: Rater, verdict: str = "a", *, final: bool = True, **fields: Any) -> Assignment:
    """Store the rater's verdict on the item. A final one is a vote, which is counted and announced.

    verdict: names sides as shown, so answer a of the item unless `flipped` is set
    """
    flipped = fields.get("flipped", False)
    now = timezone.now()
    vote = None
    if final and verdict != Assignment.Verdict.SKIP:
        swapped = {"a": "b", "b": "a"}.get(verdict, verdict)
        vote = cast(item, rater.pk, swapped if flipped else verdict)
    Item.objects.filter(pk=item.pk).update(handed=item.handed + (verdict != Assignment.Verdict.SKIP))
    item.handed += verdict != Assignment.Verdict.SKIP
    values = {"flipped": flipped, "until": now + timedelta(minutes=30), "judged_at": now, **fields}
    return Assignment.objects.create(item=item, rater=rater, verdict=verdict, vote=vote, **values)


def cast(item: Item, voter: UUID, winner: str) -> Vote:
    """Cast a vote on the item as rating does. The winner is a side of the item, not of what a rater was shown."""
    evaluation = item.evaluation
    return factories.cast(
        item.contestant_a,
        item.contestant_b,
        winner,
        pool=evaluation.pool.slug,
        source=Vote.Source.EVALUATION,
        voter=voter,
        item=item.pk,
    )


def judge_all(evaluation: Evaluation, verdicts: str | Sequence[str] = "a") -> list[Assignment]:
    """Let each rater judge an item of each question, in turn of pairs, with the verdicts in turn, too."""
    turns = itertools.cycle([verdicts] if isinstance(verdicts, str) else verdicts)
    items: dict[int, list[Item]] = {}
    for item in evaluation.items.select_related("contestant_a", "contestant_b").order_by("pk"):
        item.evaluation = evaluation
        items.setdefault(item.question_id, []).append(item)
    return [
        judge(of_question[(n + k) % len(of_question)], rater, next(turns))
        for k, rater in enumerate(evaluation.raters.all())
        for n, of_question in enumerate(items.values())
    ]
