"""A battle's text as one reader may see it. What the reader may not see is not in it, so no view has to hide it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from django.utils.safestring import SafeString, mark_safe

from arena.answers.markdown import render_answer
from arena.judging.language_id import tell_code
from arena.models import Answer, Battle, Contestant, Visibility, battle_turns

WAITING = "answering"  # the public state of answers that are queued or running
LANGUAGE_SAMPLE_LENGTH = 300  # characters; more would take longer than the rest of the page
PUBLIC_STATES = {Answer.State.FINISHED.value: "finished", Answer.State.FAILED.value: "failed"}


@dataclass(frozen=True)
class TranscriptAnswer:
    """One side's answer.

    state: `answering`, `finished`, or `failed`
    text: the text in Markdown, of which an unfinished answer has the part that has been released so far
    reason: why the answer failed, or None
    contestant: the contestant that answered, or None while it is hidden
    reasoning: the text that the model wrote before its answer, or "" while it is hidden
    """

    side: str
    text: str
    state: str = "finished"
    stopped: bool = False
    cut: bool = False
    reason: str | None = None
    contestant: Contestant | None = None
    reasoning: str = ""

    @property
    def html(self) -> SafeString:
        """The sanitized HTML of a finished answer, or "" for any other."""
        if self.state != "finished":
            return SafeString()
        return mark_safe(render_answer(self.text, stopped=self.stopped, cut=self.cut))  # noqa: S308  # sanitized by arena.answers.markdown

    @cached_property
    def lang(self) -> str:
        """The code of a finished answer's language for the attribute `lang`, or "" if it is not known."""
        return tell_code(self.text[:LANGUAGE_SAMPLE_LENGTH]) if self.state == "finished" else ""


@dataclass(frozen=True)
class TranscriptTurn:
    number: int
    prompt: str
    answers: list[TranscriptAnswer]

    @property
    def texts(self) -> dict[str, str]:
        return {answer.side: answer.text for answer in self.answers}


@dataclass(frozen=True)
class Transcript:
    """All turns of a battle. `contestants`, keyed by side, is empty while they are hidden."""

    contestants: dict[str, Contestant]
    turns: list[TranscriptTurn]

    @classmethod
    def load(cls, battle: Battle, visibility: Visibility) -> Self:
        """Return the transcript from the turns that the battle caches, or else from the database."""
        battle_turns.prefetch_turns(battle)
        return cls.build(battle, (answer for turn in battle.turns.all() for answer in turn.answers.all()), visibility)

    @classmethod
    def build(cls, battle: Battle, answers: Iterable[Answer], visibility: Visibility) -> Self:
        """Return the transcript of these answers, which are ordered by turn and side and have cached their turns."""
        contestants = battle.contestants_by_side if visibility.names else {}
        turns: dict[int, TranscriptTurn] = {}
        for answer in answers:
            turn = turns.setdefault(answer.turn.number, TranscriptTurn(answer.turn.number, answer.turn.prompt, []))
            has_failed = answer.state == Answer.State.FAILED
            turn.answers.append(
                TranscriptAnswer(
                    side=answer.side,
                    text=answer.text,
                    state=PUBLIC_STATES.get(answer.state, WAITING),
                    stopped=answer.stopped,
                    cut=answer.cut,
                    reason=visibility.tell_failure(answer.failure) if has_failed else None,
                    contestant=contestants.get(answer.side),
                    reasoning=answer.reasoning if visibility.reasoning else "",
                )
            )
        return cls(contestants, list(turns.values()))


def hide_contestants(turns: Iterable[TranscriptTurn]) -> list[TranscriptTurn]:
    """Return the turns without their contestants."""
    return [replace(turn, answers=[replace(answer, contestant=None) for answer in turn.answers]) for turn in turns]
