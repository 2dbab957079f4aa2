"""Whether an answer tells who wrote it. Pure, linear in the text.

Two grades: the answer introduces itself as some known model (`SELF`), or mentions a model of its battle (`OWN`). Names
are found however they are spelled (`arena.judging.fuzzy_match`); whether one means a model is judged by the words
around it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from arena.judging import leak_vocabulary as words
from arena.judging.fuzzy_match import SHORT_NAME_LENGTH, NameMatch, TokenizedText, iter_name_matches, tokenize_text
from arena.judging.model_names import GIVEN_NAMES, MAKERS, NAMESAKE_MAKERS, ORDINARY_WORDS, get_families

WORDS_BEFORE, WORDS_AFTER, WORDS_BESIDE, WORDS_NEAR = 16, 8, 3, 6
MAX_OPENER_WORDS = 5
MAX_UNKNOWN_WORDS = 2
MAX_VERSION_DIGITS = 2
# Two words that people write beside each other for other reasons: "to open AI research".
SPLIT_NAMES = frozenset({"openai", "deepmind", "openassistant", "openchat"})


class Leak(StrEnum):
    SELF = "self"
    OWN = "own"


def find_leak(turns: Iterable[tuple[str, Iterable[str]]], own_names: frozenset[str]) -> Leak | None:
    """The leak in the answers of a battle, if any.

    `turns` are, in order, each turn's prompt and the texts that answered it; `own_names` are those of both models
    (`arena.judging.model_names.collect_model_names`). Of a name that the voter wrote before an answer came a mention is
    no leak in it; an introduction with a name of the two is one whatever was asked."""
    found: Leak | None = None
    candidates = own_names | get_families().keys()
    told: frozenset[str] = frozenset()
    for prompt, texts in turns:
        told |= _find_prompt_names(tokenize_text(prompt), candidates)
        unmentioned = own_names - _find_related_names(told, own_names)
        for text in map(tokenize_text, texts):
            if _has_introduction(text, (candidates - told) | own_names, own_names):
                return Leak.SELF
            found = found or _find_mention(text, unmentioned)
    return found


def _find_prompt_names(prompt: TokenizedText, candidates: frozenset[str]) -> frozenset[str]:
    return frozenset(spot.name for spot in iter_name_matches(prompt, candidates) if not has_other_meaning(prompt, spot))


def _find_related_names(told: frozenset[str], own_names: frozenset[str]) -> frozenset[str]:
    """Who is asked about ChatGPT speaks of OpenAI and GPT-4 too, whoever he is."""
    topics = {word for name in told for word in get_families().get(name, {name})}
    return frozenset(name for name in own_names if any(_is_related(name, topic) for topic in topics))


def _is_related(name: str, topic: str) -> bool:
    if len(topic) > SHORT_NAME_LENGTH:
        return topic in name
    return name == topic or (name.startswith(topic) and not name[: len(topic) + 1].isalpha())


def _has_introduction(text: TokenizedText, names: frozenset[str], own_names: frozenset[str]) -> bool:
    spots = (NameContext.of(text, spot, own=spot.name in own_names) for spot in _iter_distinct_matches(text, names))
    return any(said.of_itself() and not has_other_meaning(text, said.spot) for said in spots)


def _find_mention(text: TokenizedText, names: frozenset[str]) -> Leak | None:
    mentioned = any(
        _is_model_mention(text, spot) and not has_other_meaning(text, spot)
        for spot in _iter_distinct_matches(text, names)
    )
    return Leak.OWN if mentioned else None


def _iter_distinct_matches(text: TokenizedText, names: Iterable[str]) -> Iterator[NameMatch]:
    """The spots whose surroundings differ, as far as anyone looks: a text may say the same thing a thousand times."""
    known = set()
    for spot in iter_name_matches(text, names):
        begin = max(spot.first - WORDS_BEFORE - 1, 0)
        around = spot.name, spot.first - begin, text.between(begin, spot.last + WORDS_AFTER + 1)
        if around not in known:
            known.add(around)
            yield spot


@dataclass(frozen=True)
class NameContext:
    """A name with its sentence: … `head` `opener` `passed` NAME `after` …; the opener is empty if there is none."""

    spot: NameMatch
    own: bool
    head: Sequence[str]
    opener: tuple[str, ...]
    passed: Sequence[str]
    after: Sequence[str]
    gap: str

    @classmethod
    def of(cls, text: TokenizedText, spot: NameMatch, *, own: bool) -> "NameContext":
        before = text.before(spot.first, WORDS_BEFORE)
        gap = text.gap(spot.first).strip() if before else ""
        head, opener, passed = _split_opener(before)
        return cls(spot, own, head, opener, passed, text.after(spot.last, WORDS_AFTER), gap)

    @property
    def beside(self) -> set[str]:
        """The words that go with the name; without spaces between words these are characters, so more of them."""
        return {*self.passed, *self.after[:WORDS_BESIDE], *(word for word in self.after if not word.isascii())}

    @property
    def about_ai(self) -> bool:
        return bool(self.beside & words.AI_TERMS)

    @property
    def made(self) -> bool:
        return bool(self.beside & words.MADE_BY_WORDS)

    def of_itself(self) -> bool:
        if self._signs() or self._made_me():
            return True
        return bool(self.opener) and not self._of_another_thing() and self._opens() and self._fits()

    def _signs(self) -> bool:
        """ "Claude here, …" """
        greeted = set(self.head) | set(self.passed) <= words.GREETINGS
        strange = self.own or self.spot.name not in ORDINARY_WORDS
        return greeted and not self.opener and strange and self.after[:1] == ["here"]

    def _made_me(self) -> bool:
        """ "OpenAI's engineers created me" and "OpenAI, my creator"."""
        if not (self.spot.name in MAKERS or (self.own and self.spot.name not in get_families())):
            return False
        if self.after[:1] == ["my"]:
            return not set(self.after[1:2]).isdisjoint(words.MAKER_NOUNS)
        if "me" not in self.after:
            return False
        at = self.after.index("me")
        verbs = set(self.after[:at]) - words.BETWEEN_MAKER_AND_ME
        return bool(verbs) and verbs <= words.CREATION_VERBS and set(self.after[at + 1 : at + 2]) <= words.AFTER_MADE_ME

    def _of_another_thing(self) -> bool:
        """ "I am a ChatGPT user", "I am ChatGPT's greatest fan", "I was using ChatGPT"."""
        if self.opener not in words.MAKER_OPENERS and not words.ACTIVITY_WORDS.isdisjoint(self.passed[:1]):
            return True
        first = self.after[0] if self.after else ""
        return first in words.NON_MODEL_NOUNS or (first == "s" and not self.about_ai)

    def _opens(self) -> bool:
        """Whether an opener that can begin other sentences begins this one."""
        if self.opener in words.MAKER_OPENERS:
            return bool(self.passed or self.gap)
        if self.opener in words.WEAK_OPENERS:
            return self.about_ai or self.made or self.gap in ("—", "–", "-")  # noqa: RUF001  # dashes of every kind
        if self.opener in words.THIS_IS_OPENERS:
            return self.spot.name not in MAKERS and set(self.after[:1]) <= words.AFTER_THIS_IS
        return self.opener not in words.AS_OPENERS or self._speaks_as()

    def _speaks_as(self) -> bool:
        """ "As Claude, I …" and "As an AI model made by …", but not "used as an AI model made by …"."""
        if not self.passed:
            return not words.FIRST_PERSON.isdisjoint(self.after[:1])
        in_person = not words.FIRST_PERSON.isdisjoint((*self.head, *self.after))
        return self.about_ai and (in_person or (self.made and not self.head))

    def _fits(self) -> bool:
        """Whether this name can stand after an opener; a maker or an everyday word only with more beside it."""
        related = self.about_ai or self.made or self.opener in words.MAKER_OPENERS
        if related:
            return True
        bare = self.spot.name in MAKERS and self.spot.name not in NAMESAKE_MAKERS
        if bare or not words.PREPOSITIONS.isdisjoint(self.passed):
            return False
        known = self.own or self.spot.name in words.SELF_NAMES
        return self.spot.name not in ORDINARY_WORDS or (known and words.ARTICLES.isdisjoint(self.passed[-1:]))


def _split_opener(before: Sequence[str]) -> tuple[Sequence[str], tuple[str, ...], Sequence[str]]:
    """Head, opener, and what stands between the opener and the end: nothing but fillers and an adjective or two."""
    for openers in (_build_openers(), words.AS_OPENERS):
        strangers = 0
        for cut in range(len(before), 0, -1):
            if opener := _find_opener(before[:cut], openers):
                return before[: cut - len(opener)], opener, before[cut:]
            if before[cut - 1] not in words.FILLERS:
                strangers += 1
                if strangers > MAX_UNKNOWN_WORDS or not _is_ai_adjective(before, cut - 1):
                    break
    return before, (), ()


def _find_opener(before: Sequence[str], openers: frozenset[tuple[str, ...]]) -> tuple[str, ...]:
    ends = (tuple(before[-length:]) for length in range(min(MAX_OPENER_WORDS, len(before)), 0, -1))
    return next((end for end in ends if end in openers), ())


def _is_ai_adjective(before: Sequence[str], at: int) -> bool:
    """Whether an unknown word stands like "cheerful" in "I am a cheerful AI made by"."""
    if at < 1 or before[at - 1] in _build_opener_ends():
        return False
    following = before[at + 1 : at + 2]
    return not words.AI_TERMS.isdisjoint(before[at:]) and (words.PREPOSITIONS | words.RELATIVES).isdisjoint(following)


@cache
def _build_openers() -> frozenset[tuple[str, ...]]:
    return words.OPENERS | words.WEAK_OPENERS | words.THIS_IS_OPENERS | words.MAKER_OPENERS


@cache
def _build_opener_ends() -> frozenset[str]:
    return frozenset(opener[-1] for opener in _build_openers())


def _is_model_mention(text: TokenizedText, spot: NameMatch) -> bool:
    """Whether the name, in plain mention, stands for a model or its maker."""
    if spot.spelled and spot.name.isascii():
        return True
    split = spot.name in SPLIT_NAMES and spot.last - spot.first > 1 and text.as_seen(spot.first)[0].islower()
    return not (split or spot.name in ORDINARY_WORDS) or _has_model_beside(text, spot)


def _has_model_beside(text: TokenizedText, spot: NameMatch) -> bool:
    """ "Llama 3", "Gemini Pro", "the chatbot Bard", "Mistral is a language model"."""
    before, after = text.before(spot.first, WORDS_NEAR), text.after(spot.last, WORDS_NEAR)
    near = [*before, spot.name, *after]
    if words.UNAMBIGUOUS_AI_WORDS & set(near) or any(pair in words.AI_PAIRS for pair in pairwise(near)):
        return True
    following, preceding = after[:1], before[-1:]
    if spot.name in MAKERS:
        return not words.MAKER_VARIANTS.isdisjoint(following)
    if _is_version(text, spot, following) or not words.VARIANTS.isdisjoint(following):
        return True
    return not (words.AI_TERMS | MAKERS).isdisjoint(preceding)


def _is_version(text: TokenizedText, spot: NameMatch, following: Sequence[str]) -> bool:
    short = bool(following) and following[0].isdigit() and len(following[0]) <= MAX_VERSION_DIGITS
    return short and spot.name.isalpha() and text.gap(spot.last) in ("", " ", "-")


def has_other_meaning(text: TokenizedText, spot: NameMatch) -> bool:
    """Whether the name stands for something else: Google Maps, Claude Monet, the constellation of Gemini."""
    before, after = text.before(spot.first, WORDS_NEAR), text.after(spot.last, WORDS_NEAR)
    if not words.OTHER_MEANINGS.get(spot.name, frozenset()).isdisjoint((*before, *after)):
        return True
    if spot.name in MAKERS:
        return not words.MAKER_PRODUCTS.isdisjoint(after[:1])
    return spot.name in GIVEN_NAMES and _is_person(text, spot, after)


def _is_person(text: TokenizedText, spot: NameMatch, after: Sequence[str]) -> bool:
    if (spot.first and text.words[spot.first - 1] in words.PERSON_TITLES) or not words.SURNAMES.isdisjoint(after[:1]):
        return True
    if not after or text.gap(spot.last) != " " or after[0] in words.VARIANTS or after[0] in get_families():
        return False
    following = text.as_seen(spot.last)
    return len(following) > 1 and following.istitle()
