"""Determines a battle's categories from the voter's prompts.

Answers are ignored, because selecting battles based on their answers would bias the results. The category names are the
same as on the public arenas. For some categories, the public arenas use a model or an embedding. Arena uses words and
patterns, so that anyone can recompute the categories.
"""

import re
from collections.abc import Sequence

from arena.judging import topic_vocabulary as words
from arena.judging.language_id import LANGUAGES, detect_language
from arena.judging.stated_constraints import SEVERAL, count_constraints, count_steps
from arena.judging.style_features import CODE_SPAN, iter_lines_with_fence, measure_length
from arena.judging.topic_vocabulary import Sentence

LONG_QUERY_LENGTH = 500
MIN_CODE_HINTS = 2
MAX_PROBLEM_LENGTH = 150
SENTENCE_END = re.compile(r"[.!?…](?=\s)|[。！？；\n]")  # noqa: RUF001  # full-width marks also end sentences
CATEGORY_NAMES = {
    "coding": "Coding",
    "math": "Math",
    "creative-writing": "Creative writing",
    "instruction-following": "Instruction following",
    "hard-prompts": "Hard prompts",
    "longer-query": "Longer query",
    "multi-turn": "Multi-turn",
    **{language.lower(): language for language in sorted(set(LANGUAGES.values()))},
}


def classify_prompts(prompts: Sequence[str]) -> list[str]:
    """Return the slugs of a conversation's categories, in `CATEGORY_NAMES` order.

    The conversation has a category if any of its prompts has it:

    coding                 code, an error message, or a request for or about code
    math                   a formula, or something to calculate or prove
    creative-writing       a request for a poem, a story, a song, a joke, a role-play, or similar
    instruction-following  at least one verifiable constraint on the answer, such as its length, format, or content
    hard-prompts           at least three constraints and steps together
    longer-query           at least 500 words and punctuation marks (see `style_features.measure_length`)
    multi-turn             two or more prompts
    english, german, …     the language of a prompt, if it is certain (see `language_id.detect_language`)
    """
    slugs = {slug for text in prompts for slug in _classify_prompt(text)}
    if len(prompts) > 1:
        slugs.add("multi-turn")
    return [slug for slug in CATEGORY_NAMES if slug in slugs]


def _classify_prompt(text: str) -> list[str]:
    prompt = Prompt(text)
    constraints = count_constraints(prompt.lower)
    matches = {
        "coding": prompt.is_coding(),
        "math": prompt.is_math(),
        "creative-writing": any(map(_is_fiction_request, prompt.sentences)),
        "instruction-following": constraints > 0,
        "hard-prompts": constraints + count_steps(prompt.lower, prompt.sentences) >= SEVERAL,
        "longer-query": prompt.length >= LONG_QUERY_LENGTH,
    }
    slugs = [slug for slug, is_match in matches.items() if is_match]
    if language := detect_language(text):
        slugs.append(language.lower())
    return slugs


class Prompt:
    """A prompt that has been split into prose and code.

    length: the number of words and punctuation marks
    prose, lower: the text outside of code blocks, as it is and in lower case
    """

    def __init__(self, text: str) -> None:
        lines = list(iter_lines_with_fence(text))
        self.length = measure_length(text)
        self.prose = "\n".join(line for line, fence in lines if fence is None)
        self.lower = self.prose.lower()
        parts = SENTENCE_END.split(self.prose.casefold())
        self.sentences = [Sentence(part) for part in parts if part and not part.isspace()]
        self.code_languages = frozenset(word for _, fence in lines if fence for word in words.split_words(fence)[:1])
        self.code_lines = [line for line, fence in lines if fence]

    def is_coding(self) -> bool:
        if not self.code_languages.isdisjoint(words.CODE_LANGUAGES) or self._shows_code():
            return True
        return any(map(_is_about_code, self.sentences))

    def _shows_code(self) -> bool:
        lines = [*self.code_lines, *self.prose.split("\n")]
        spans = CODE_SPAN.findall(self.prose)
        if any(map(words.CODE_PATTERN.search, lines)) or any(words.CODE_HINT.search(span.strip("`")) for span in spans):
            return True
        hint_count = sum(bool(words.CODE_HINT.search(line)) for line in lines)
        return hint_count >= MIN_CODE_HINTS and not self._has_calculation()

    def _has_calculation(self) -> bool:
        return bool(words.FORMULA.search(self.lower)) or any(map(_is_math_task, self.sentences))

    def is_math(self) -> bool:
        text = self.prose.strip()
        is_arithmetic = words.ARITHMETIC_ONLY.fullmatch(text) and not words.DATE.fullmatch(text)
        return bool(is_arithmetic) or self._has_calculation() or self._is_word_problem()

    def _is_word_problem(self) -> bool:
        if self.length > MAX_PROBLEM_LENGTH:
            return False
        if not any(sentence in words.AMOUNT_QUESTIONS for sentence in self.sentences):
            return False
        quantities = sum(1 for _ in words.QUANTITY.finditer(self.prose))
        has_supposition = any(sentence in words.SUPPOSITION_WORDS for sentence in self.sentences)
        return quantities >= (SEVERAL - 1 if has_supposition else SEVERAL)


def _is_about_code(sentence: Sentence) -> bool:
    if sentence in words.UNAMBIGUOUS_CODE:
        return True
    if sentence in words.CODING_VERBS and sentence in words.PROGRAM_TERMS:
        return True
    if sentence in words.TOOLS:
        return sentence in words.CODE_TERMS or (
            sentence in words.CODING_VERBS and _has_tool_phrase(sentence, words.TOOLS)
        )
    if sentence not in words.WORDLIKE_TOOLS or sentence not in words.CODE_TERMS:
        return False
    return sentence in words.CODING_VERBS or _has_tool_phrase(sentence, words.WORDLIKE_TOOLS)


def _has_tool_phrase(sentence: Sentence, tools: words.Vocabulary) -> bool:
    """Return whether the sentence contains a phrase like "in Python"."""
    pairs = (phrase.partition(" ") for phrase in sentence.phrases if phrase.count(" ") == 1)
    return any(first in words.TOOL_PREPOSITIONS and second in tools.phrases for first, _, second in pairs)


def _is_math_task(sentence: Sentence) -> bool:
    if sentence in words.UNAMBIGUOUS_MATH or (sentence in words.MATH_TASKS and sentence in words.MATH_OBJECTS):
        return True
    if sentence in words.CALCULATION_REQUESTS and words.ARITHMETIC.search(sentence.text):
        return True
    return sentence in words.NUMERIC_TOPICS and (
        sentence in words.CHANCE_OBJECTS or any(map(str.isdigit, sentence.text))
    )


def _is_fiction_request(sentence: Sentence) -> bool:
    if sentence in words.ANALYSIS_PHRASES:
        return False
    if sentence in words.ROLE_PLAY:
        return True
    if sentence in words.CREATIVE_PHRASES and not words.WRITING_VERBS.isdisjoint(sentence.words):
        return True
    if not sentence.text.isascii() and words.CREATIVE_UNSPACED.search(sentence.text):
        return True
    terms = sentence.words
    verbs = words.WRITING_VERBS
    if terms and terms[-1] in words.WRITING_VERBS:  # German and Dutch put the verb last, as in "kannst du … schreiben"
        verbs = words.WRITING_VERBS | words.MODAL_VERBS
    if _is_fiction_phrase(terms):
        return True
    return any(_has_fiction_object(terms, index) for index, term in enumerate(terms) if term in verbs)


def _is_fiction_phrase(terms: list[str]) -> bool:
    """Return whether the sentence begins with a request that has no verb, such as "short poem about rain"."""
    first_terms = enumerate(terms[: words.WORDS_NEAR])
    index = next((index for index, term in first_terms if term not in words.OPENING_WORDS), 0)
    if index >= len(terms) or terms[index] not in words.CREATIVE_FORMS:
        return False
    return not words.ABOUT_WORDS.isdisjoint(terms[index + 1 : index + 2])


def _has_fiction_object(terms: list[str], verb_index: int) -> bool:
    """Return whether a verb's object is fiction, as in "write a poem" but not in "write an essay about the poem"."""
    if not words.HOW_WORDS.isdisjoint(terms[max(0, verb_index - words.WORDS_NEAR) : verb_index]):
        return False
    for index in range(verb_index + 1, min(len(terms), verb_index + 1 + words.MAX_GAP)):
        if terms[index] in words.CREATIVE_FORMS:
            return not _is_non_fiction(terms[index - 1], terms[index + 1 : index + 2])
        if terms[index] in words.BLOCKING_WORDS:
            return False
    return False


def _is_non_fiction(previous_term: str, next_terms: list[str]) -> bool:
    """Return whether a form of fiction is only the topic, as in "a song analysis" or "the lyrics of …"."""
    if not words.COMPOUND_HEADS.isdisjoint(next_terms):
        return True
    return previous_term in words.DEFINITE_ARTICLES and not words.OF_PREPOSITIONS.isdisjoint(next_terms)
