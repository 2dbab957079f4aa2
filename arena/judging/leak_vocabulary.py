"""The words around a name that show whether it means the model itself, another model, or something else.

The lists and how they are used are in `data/leaks.toml`.
"""

from arena.judging.fuzzy_match import tokenize_text
from arena.judging.word_lists import load_lists


def _parse_words(lines: str) -> frozenset[str]:
    """Split the lines into folded words. Chinese, Japanese, and Korean are split into characters."""
    return frozenset(tokenize_text(lines).words)


def _parse_phrases(lines: str) -> frozenset[tuple[str, ...]]:
    return frozenset(
        tuple(tokenize_text(phrase).words) for phrase in lines.replace("\n", "|").split("|") if phrase.strip()
    )


_lists = load_lists("leaks")
FIRST_PERSON = _parse_words(_lists["first_person"])
OPENERS = _parse_phrases(_lists["openers"])
WEAK_OPENERS = _parse_phrases(_lists["weak_openers"])
ACTIVITY_WORDS = _parse_words(_lists["activity_words"])
AS_OPENERS = _parse_phrases(_lists["as_openers"])
THIS_IS_OPENERS = _parse_phrases(_lists["this_is_openers"])
MAKER_OPENERS = _parse_phrases(_lists["maker_openers"])
MAKER_NOUNS = _parse_words(_lists["maker_nouns"])
ARTICLES = _parse_words(_lists["articles"])
PREPOSITIONS = _parse_words(_lists["prepositions"])
RELATIVES = _parse_words(_lists["relatives"])
MADE_BY_WORDS = _parse_words(_lists["made_by_words"])
AI_TERMS = _parse_words(_lists["ai_terms"])
FILLERS = PREPOSITIONS | MADE_BY_WORDS | AI_TERMS | ARTICLES | _parse_words(_lists["fillers"])
NON_MODEL_NOUNS = _parse_words(_lists["non_model_nouns"])
AFTER_THIS_IS = _parse_words(_lists["after_this_is"])
GREETINGS = _parse_words(_lists["greetings"])
AFTER_MADE_ME = _parse_words(_lists["after_made_me"])
BETWEEN_MAKER_AND_ME = _parse_words(_lists["between_maker_and_me"])
CREATION_VERBS = _parse_words(_lists["creation_verbs"])
EVERYDAY_MODEL_NAMES = _parse_words(_lists["everyday_model_names"])
VARIANTS = _parse_words(_lists["variants"])
MAKER_VARIANTS = _parse_words(_lists["maker_variants"])
UNAMBIGUOUS_AI_WORDS = _parse_words(_lists["unambiguous_ai_words"])
AI_PAIRS = _parse_phrases(_lists["ai_pairs"])
MAKER_PRODUCTS = _parse_words(_lists["maker_products"])
SURNAMES = _parse_words(_lists["surnames"])
PERSON_TITLES = _parse_words(_lists["person_titles"])
OTHER_MEANINGS = {name: _parse_words(lines) for name, lines in _lists["other_meanings"].items()}
