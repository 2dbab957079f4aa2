"""Finds identity leaks, which are answers that reveal their model.

There are two kinds of leaks: the model introduces itself under a known name, or the answer mentions one of the battle's
two models. Names are found in any spelling (see `arena.judging.fuzzy_match`). The
words around a name show whether it refers to a model or to something else.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from arena.judging import leak_vocabulary as words
from arena.judging.fuzzy_match import SHORT_NAME_LENGTH, NameMatch, TokenizedText, iter_name_matches, tokenize_text
from arena.judging.model_names import GIVEN_NAMES, MAKERS, NAMESAKE_MAKERS, ORDINARY_WORDS, get_families

WORDS_BEFORE = 16
WORDS_AFTER = 8
WORDS_BESIDE = 3
WORDS_NEAR = 6
MAX_OPENER_WORDS = 5
MAX_UNKNOWN_WORDS = 2
MAX_VERSION_DIGITS = 2
# Names that can have another meaning if they are written as two words, as in "to open AI research".
SPLIT_NAMES = frozenset({"openai", "deepmind", "openassistant", "openchat"})
STATEMENT_OPENERS = words.OPENERS | words.WEAK_OPENERS | words.THIS_IS_OPENERS | words.MAKER_OPENERS
STATEMENT_OPENER_ENDS = frozenset(opener[-1] for opener in STATEMENT_OPENERS)


def has_leak(turns: Iterable[tuple[str, Iterable[str]]], own_names: frozenset[str]) -> bool:
    """Return whether the answers of a battle reveal a model.

    A mention is not a leak if the voter has already written the name. An introduction with the name of one of the two
    models is always a leak.

    turns: (prompt, answers) in each turn, in order
    own_names: the names of both models (see `arena.judging.model_names.collect_model_names`)
    """
    known_names = own_names | get_families().keys()
    prompt_names: frozenset[str] = frozenset()
    for prompt, texts in turns:
        question = tokenize_text(prompt)
        matches = iter_name_matches(question, known_names)
        prompt_names |= {match.name for match in matches if not has_other_meaning(question, match)}
        unmentioned = own_names - _find_related_names(prompt_names, own_names)
        for text in map(tokenize_text, texts):
            if _has_introduction(text, (known_names - prompt_names) | own_names, own_names):
                return True
            mentions = _iter_distinct_matches(text, unmentioned)
            if any(_is_model_mention(text, match) and not has_other_meaning(text, match) for match in mentions):
                return True
    return False


def _find_related_names(prompt_names: frozenset[str], own_names: frozenset[str]) -> frozenset[str]:
    """Return the battle's own names that are related to a name in the prompt.

    For example, any model might mention OpenAI and GPT-4 in its answer to a question about ChatGPT.
    """
    topics = {word for name in prompt_names for word in get_families().get(name, {name})}
    return frozenset(name for name in own_names if any(_is_related(name, topic) for topic in topics))


def _is_related(name: str, topic: str) -> bool:
    if len(topic) > SHORT_NAME_LENGTH:
        return topic in name
    return name == topic or (name.startswith(topic) and not name[: len(topic) + 1].isalpha())


def _has_introduction(text: TokenizedText, names: frozenset[str], own_names: frozenset[str]) -> bool:
    for match in _iter_distinct_matches(text, names):
        context = NameContext(text, match, is_own=match.name in own_names)
        if context.is_introduction() and not has_other_meaning(text, match):
            return True
    return False


def _iter_distinct_matches(text: TokenizedText, names: Iterable[str]) -> Iterator[NameMatch]:
    """Yield one match for each name and its surroundings, because a text can repeat the same words many times."""
    seen = set()
    for match in iter_name_matches(text, names):
        begin = max(match.first - WORDS_BEFORE - 1, 0)
        surroundings = (match.name, match.first - begin, text.slice_visible(begin, match.last + WORDS_AFTER + 1))
        if surroundings not in seen:
            seen.add(surroundings)
            yield match


class NameContext:
    """A name and the words around it in its sentence, in this order: `head`, `opener`, `fillers`, the name, `after`.

    is_own: whether it is the name of one of the battle's models
    opener: the words that begin an introduction, such as "I am"; empty if there are none
    fillers: the words between the opener and the name, such as "an AI model made by"
    gap: the visible text between the name and the word before it
    """

    def __init__(self, text: TokenizedText, match: NameMatch, *, is_own: bool) -> None:
        before = text.words_before(match.first, WORDS_BEFORE)
        self.name = match.name
        self.is_own = is_own
        self.head, self.opener, self.fillers = _split_opener(before)
        self.after = text.words_after(match.last, WORDS_AFTER)
        self.gap = text.gap(match.first).strip() if before else ""

    @property
    def neighbors(self) -> set[str]:
        """The fillers, the next words, and all later non-ASCII words, which can be single characters."""
        return {*self.fillers, *self.after[:WORDS_BESIDE], *(word for word in self.after if not word.isascii())}

    @property
    def is_about_ai(self) -> bool:
        return bool(self.neighbors & words.AI_TERMS)

    @property
    def has_made_by_word(self) -> bool:
        return bool(self.neighbors & words.MADE_BY_WORDS)

    def is_introduction(self) -> bool:
        """Return whether the model introduces itself with this name."""
        if self._is_signature() or self._is_maker_of_me():
            return True
        if not self.opener or self._is_about_others():
            return False
        return self._has_valid_opener() and self._can_follow_opener()

    def _is_signature(self) -> bool:
        """Return whether the sentence is like "Claude here, …"."""
        is_start = set(self.head) | set(self.fillers) <= words.GREETINGS
        is_distinct = self.is_own or self.name not in ORDINARY_WORDS
        return is_start and not self.opener and is_distinct and self.after[:1] == ["here"]

    def _is_maker_of_me(self) -> bool:
        """Return whether the sentence is like "OpenAI's engineers created me" or "OpenAI, my creator"."""
        if not (self.name in MAKERS or (self.is_own and self.name not in get_families())):
            return False
        if self.after[:1] == ["my"]:
            return not set(self.after[1:2]).isdisjoint(words.MAKER_NOUNS)
        if "me" not in self.after:
            return False
        me = self.after.index("me")
        verbs = set(self.after[:me]) - words.BETWEEN_MAKER_AND_ME
        return bool(verbs) and verbs <= words.CREATION_VERBS and set(self.after[me + 1 : me + 2]) <= words.AFTER_MADE_ME

    def _is_about_others(self) -> bool:
        """Return whether the sentence is like "I am a ChatGPT user" or "I was using ChatGPT"."""
        if self.opener not in words.MAKER_OPENERS and not words.ACTIVITY_WORDS.isdisjoint(self.fillers[:1]):
            return True
        next_word = self.after[0] if self.after else ""
        return next_word in words.NON_MODEL_NOUNS or (next_word == "s" and not self.is_about_ai)

    def _has_valid_opener(self) -> bool:
        """Return whether the opener begins an introduction here, and not another kind of sentence."""
        if self.opener in words.MAKER_OPENERS:
            return bool(self.fillers or self.gap)
        if self.opener in words.WEAK_OPENERS:
            has_dash = self.gap in ("—", "–", "-")  # noqa: RUF001  # dashes of every kind
            return self.is_about_ai or self.has_made_by_word or has_dash
        if self.opener in words.THIS_IS_OPENERS:
            return self.name not in MAKERS and set(self.after[:1]) <= words.AFTER_THIS_IS
        return self.opener not in words.AS_OPENERS or self._speaks_as()

    def _speaks_as(self) -> bool:
        """Return whether the sentence is like "As Claude, I …" and not like "used as an AI model made by …"."""
        if not self.fillers:
            return not words.FIRST_PERSON.isdisjoint(self.after[:1])
        has_first_person = not words.FIRST_PERSON.isdisjoint((*self.head, *self.after))
        return self.is_about_ai and (has_first_person or (self.has_made_by_word and not self.head))

    def _can_follow_opener(self) -> bool:
        """Return whether this name can follow an opener. Makers and everyday words need other words next to them."""
        if self.is_about_ai or self.has_made_by_word or self.opener in words.MAKER_OPENERS:
            return True
        is_only_maker = self.name in MAKERS and self.name not in NAMESAKE_MAKERS
        if is_only_maker or not words.PREPOSITIONS.isdisjoint(self.fillers):
            return False
        is_model_name = self.is_own or self.name in words.EVERYDAY_MODEL_NAMES
        return self.name not in ORDINARY_WORDS or (is_model_name and words.ARTICLES.isdisjoint(self.fillers[-1:]))


def _split_opener(before: Sequence[str]) -> tuple[Sequence[str], tuple[str, ...], Sequence[str]]:
    """Split the words before a name into head, opener, and fillers. The fillers can include two adjectives."""
    for openers in (STATEMENT_OPENERS, words.AS_OPENERS):
        unknown_words = 0
        for cut in range(len(before), 0, -1):
            if opener := _find_opener(before[:cut], openers):
                return before[: cut - len(opener)], opener, before[cut:]
            if before[cut - 1] not in words.FILLERS:
                unknown_words += 1
                if unknown_words > MAX_UNKNOWN_WORDS or not _is_ai_adjective(before, cut - 1):
                    break
    return before, (), ()


def _find_opener(before: Sequence[str], openers: frozenset[tuple[str, ...]]) -> tuple[str, ...]:
    ends = (tuple(before[-length:]) for length in range(min(MAX_OPENER_WORDS, len(before)), 0, -1))
    return next((end for end in ends if end in openers), ())


def _is_ai_adjective(before: Sequence[str], index: int) -> bool:
    """Return whether an unknown word can be an adjective, like "cheerful" in "I am a cheerful AI made by …"."""
    if index < 1 or before[index - 1] in STATEMENT_OPENER_ENDS:
        return False
    if words.AI_TERMS.isdisjoint(before[index:]):
        return False
    return (words.PREPOSITIONS | words.RELATIVES).isdisjoint(before[index + 1 : index + 2])


def _is_model_mention(text: TokenizedText, match: NameMatch) -> bool:
    """Return whether a mentioned name is the name of a model or its maker."""
    if match.is_spelled_out and match.name.isascii():
        return True
    is_two_words = match.name in SPLIT_NAMES and match.last - match.first > 1
    is_split = is_two_words and text.visible_word(match.first)[0].islower()
    return not (is_split or match.name in ORDINARY_WORDS) or _has_model_beside(text, match)


def _has_model_beside(text: TokenizedText, match: NameMatch) -> bool:
    """Return whether nearby words show that the name is a model's, as in "Llama 3" or "the chatbot Bard"."""
    before = text.words_before(match.first, WORDS_NEAR)
    after = text.words_after(match.last, WORDS_NEAR)
    nearby = [*before, match.name, *after]
    if words.UNAMBIGUOUS_AI_WORDS & set(nearby) or any(pair in words.AI_PAIRS for pair in pairwise(nearby)):
        return True
    if match.name in MAKERS:
        return not words.MAKER_VARIANTS.isdisjoint(after[:1])
    has_number = bool(after) and after[0].isdigit() and len(after[0]) <= MAX_VERSION_DIGITS
    is_version = has_number and match.name.isalpha() and text.gap(match.last) in ("", " ", "-")
    if is_version or not words.VARIANTS.isdisjoint(after[:1]):
        return True
    return not (words.AI_TERMS | MAKERS).isdisjoint(before[-1:])


def has_other_meaning(text: TokenizedText, match: NameMatch) -> bool:
    """Return whether the name means something else, as in Google Maps, Claude Monet, or the constellation Gemini."""
    before = text.words_before(match.first, WORDS_NEAR)
    after = text.words_after(match.last, WORDS_NEAR)
    if not words.OTHER_MEANINGS.get(match.name, frozenset()).isdisjoint((*before, *after)):
        return True
    if match.name in MAKERS:
        return not words.MAKER_PRODUCTS.isdisjoint(after[:1])
    return match.name in GIVEN_NAMES and _is_person(text, match, after)


def _is_person(text: TokenizedText, match: NameMatch, after: Sequence[str]) -> bool:
    has_title = match.first > 0 and text.words[match.first - 1] in words.PERSON_TITLES
    if has_title or not words.SURNAMES.isdisjoint(after[:1]):
        return True
    if not after or text.gap(match.last) != " " or after[0] in words.VARIANTS or after[0] in get_families():
        return False
    next_word = text.visible_word(match.last)
    return len(next_word) > 1 and next_word.istitle()
