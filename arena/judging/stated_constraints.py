# ruff: noqa: RUF001  # letters of many scripts
"""Counts the constraints and steps that a prompt states for its answer.

The constraints are those that IFEval (Zhou et al. 2023) calls verifiable: length, format, required content, forbidden
content, and language. The patterns match prose in lower case.
"""

import re
from collections.abc import Sequence

from arena.judging.topic_vocabulary import Sentence, Vocabulary, build_alternation, compile_alternation, split_words
from arena.judging.word_lists import load_lists

SEVERAL = 3
_lists = load_lists("constraints")
_NUMBER = build_alternation(_lists["number"])
_UNIT = build_alternation(_lists["unit"])
_BOUND = build_alternation(_lists["bound"])
_TABLE = build_alternation(_lists["table"])
_KIND = r"(?:(?:an?|einer?|une?|una?) )?(?:(?:markdown|simple|comparison|two-column|numbered|short|bulleted|bullet) )?"
_DATA = build_alternation(_lists["data"])
_VERB = build_alternation(_lists["verb"])
_ELEMENT = build_alternation(_lists["element"])
_SUBJECT = build_alternation(_lists["subject"])
# An instruction begins at the start of a clause, or after a word such as "and".
_ORDER = r"(?:^|[,;:.!?\n]|\b(?:and|but|please|then|und|et|y|bitte)\b)[\s\"'*(-]{0,3}"
_MUST = rf"(?:(?:^|[,;:.!?\n])\s{{0,3}}|\b{_SUBJECT} )(?:must|should|has to|have to|shall) (?:also )?"
_LENGTHS = (
    rf"{_BOUND} (?:about |just |only )?{_NUMBER} (?:short |simple |full |single |sola |seule |кратких )?{_UNIT}\b",
    r"\d{2,5}[- ]words?\b(?! (?:a|per|each)\b)",
    r"(?:one|single)[- ](?:word|sentence|paragraph) (?:answer|summary|only)\b",
    rf"{_NUMBER}[- ](?:word|sentence|paragraph|line) (?!of\b)[a-z]{{4,20}}",
    rf"{_NUMBER} {_UNIT} (?:max|maximum|at most|or less|or fewer|each|long|only|maximal)\b",
    r"(?:word|character) limit\b",
    r"(?:одним|двумя|тремя) (?:словом|словами|предложени\w{1,3})\b",
)
_SHAPES = (
    rf"(?:as|in|into|using|als|en|sous forme de|como|en forma de|в виде) {_KIND}{_TABLE}\b(?! of contents)",
    rf"(?:as|return|output|respond|answer|reply|formatted?|valid)\b(?: \w{{1,12}}){{0,2}} {_DATA}\b(?! files?\b)",
    r"tableau comparatif\b|tabla comparativa\b|vergleichstabelle\b|comma[- ]separated\b|separated by commas\b",
    r"table with (?:\w{1,12} )?(?:columns|rows)\b",
    r"(?:all|only) (?:in )?(?:lowercase|uppercase|caps)\b|in all caps\b",
    r"(?:following|this|exact) (?:format|template|structure)\b|gliedere\b|formatiere\b",
    rf"{_VERB}\b[^.?!\n]{{1,80}} in the (?:style|voice|tone|form) of\b",
    r"im stil von\b|dans le style de\b|al estilo de\b|в стиле\b|in (?:rhyming|iambic)\b|rhyme scheme of [a-d]{3,8}\b",
    r"(?:budget|price|cost)\b.{1,20}\b(?:at most|no more than|below|under)\b",
)
_NOTHING_ELSE = (
    r"(?:answer|respond|reply|output|return|print)(?: me)?(?: with)?(?: only| just)\b|nothing else\b|no other text\b",
    r"only (?:answer|respond|reply|output|return|give)\b|(?:with )?yes or no(?: only\b|\.)",
    r"no (?:explanations?|preamble|commentary|comments)\b|without (?:any )?(?:explanations?|comments)\b",
    r"antworte (?:nur|ausschließlich|mit)\b|ohne (?:erklärung|kommentar)\w{0,2}\b|sans explication\b",
    r"réponds (?:uniquement|seulement|par)\b|responde (?:solo|sólo|únicamente|con)\b|sin explicaci\w{2,5}\b",
    r"ответь только\b|только (?:код|ответ)\w{0,2}\b|без (?:пояснений|объяснений)\b",
    r"(?:answer|reply|respond) (?:only )?in (?:english|french|german|spanish|italian|russian|chinese|japanese|latin)\b",
    r"antworte auf \w{5,12}|réponds en (?:anglais|français|allemand)|responde en (?:español|inglés)",
    r"отвечай на \w{5,12}",
)
_EXCLUSIONS = (
    r"without (?:using|mentioning|repeating|the (?:word|letter))\b",
    r"avoid(?:ing)? (?:the (?:word|letter)|jargon|clichés|adjectives|passive)\b",
    r"(?:verwende|benutze|nutze|erwähne)\b[^.!?\n]{0,30}\b(?:kein\w{0,2}|nicht)\b",
    r"ohne (?:das wort|den buchstaben|die wörter)\b|sans (?:utiliser|mentionner|le mot|la lettre)\b",
    r"n['’](?:utilise|emploie)s? (?:pas|aucun)\b|ne mentionne pas\b",
    r"no (?:uses|utilices|menciones|incluyas)\b|sin (?:usar|utilizar|mencionar|la palabra|la letra)\b",
    r"не (?:используй|упоминай|пиши)\w{0,2}\b|без (?:использования|слова|буквы)\b",
    r"no \w{3,20} (?:on|in|after|before) \w",
)
_INCLUSIONS = (
    rf"(?:each|every) {_ELEMENT}(?: of \w{{2,12}})? (?:must|should|has to|have to|starts?|begins?|ends?)\b",
    r"(?:beginne|beginnt|ende|schließe) (?:\w{2,9} ){0,2}mit\b|(?:commence|termine|finis)(?:z|r)? par\b",
    r"(?:empieza|comienza|termina|acaba) con\b|(?:начни|закончи) (?:с|словом)\b",
    r"(?:and|also) include (?:\w{2,12} )?(?:tests|examples|sources)\b",
    r"(?:make|be) sure (?:to |that )?(?:you )?(?:include|use|mention|keep|avoid|add)\b",
)
_ORDERS = (
    r"(?:start|begin|end|finish|conclude|close|open)(?: \w{2,9}){0,2} with\b",
    r"(?:include|keep|highlight|label|number|cite|bold) (?:at least|exactly|all|each|every|the)\b",
    r"use (?:bullet points|bullets|a table|headings|emojis|markdown|only)\b",
)
_FORBIDDEN = (
    r"(?:do not|don[’']?t|never|not|avoid) (?:use|using|mention|mentioning|include|including|repeat|write|exceed|add"
    r"|output|start|begin|explain|change|be longer)\b"
)
_DUTIES = r"(?:contain|include|end|start|begin|use|mention|rhyme|follow|consist|fit|keep)\b"
_UNSPACED_CONSTRAINTS = (
    r"(?:不超过|不少于|不多于|少于|至少|最多|控制在|用|以)\s?[\d一二三四五六七八九十百两]{1,5}\s?(?:个)?(?:字|词|句|段|行)",
    r"\d{1,5}\s?(?:文字|字|文|行)(?:以内|以上|程度|で)|\d{1,5}\s?(?:자|단어|문장)\s?(?:이내|이하|로|이상)",
    r"用表格|以表格|列表形式|表形式|箇条書き|用(?:中文|英文|日文)回答|的风格|以.{1,10}(?:开头|结尾)",
    r"只(?:回答|输出|给出|返回)|不要解释|のみ(?:答え|出力)",
    r"(?:不要|不得|不能|避免)(?:使用|用|提到|提及|出现|包含)|(?:使わず|使わない|使用しない)",
)
CONSTRAINTS = compile_alternation(
    r"\b" + build_alternation([*_LENGTHS, *_SHAPES, *_NOTHING_ELSE, *_EXCLUSIONS, *_INCLUSIONS]),
    _ORDER + build_alternation([*_ORDERS, _FORBIDDEN]),
    _MUST + build_alternation([_DUTIES, _FORBIDDEN]),
    *_UNSPACED_CONSTRAINTS,
)
ROLE_REQUEST = compile_alternation(
    r"\b(?:act|behave|speak|answer) (?:as|like) (?:an? |if )|\bpretend (?:to be|you)\b",
    r"\byou are (?:now )?an? \w{3,20}|\bdu bist ein\w{0,2}\b|\btu es un\w{0,2} \w{3,}",
    r"\bactúa como\b|\bпредставь,? что ты\b|你是一(?:个|位|名)",
)
LISTED_STEP = re.compile(
    r"(?:^|(?<=[\s,;:]))(?:\(?\d{1,2}[.)]|[-*•])[ \t]{1,4}(?:please |then )?([^\W\d_]{2,20})", re.MULTILINE
)
SEQUENCE_WORDS = (
    Vocabulary("first|firstly|zuerst|zunächst|d abord|primero|сначала|首先|まず|먼저"),
    Vocabulary("then|second|secondly|dann|ensuite|puis|luego|затем|потом|然后|次に|다음"),
    Vocabulary("after that|afterwards|next|third|thirdly|danach|anschließend|après|después|после этого|接着|その後"),
    Vocabulary("finally|lastly|at the end|schließlich|zuletzt|enfin|finalmente|por último|наконец|最后|最後に|마지막"),
)
STEP_VERBS = frozenset(split_words(_lists["step_verbs"]))


def count_constraints(prose: str) -> int:
    """Return the number of constraints on the answer. `prose` must be in lower case."""
    return sum(1 for _ in CONSTRAINTS.finditer(prose))


def count_steps(prose: str, sentences: Sequence[Sentence]) -> int:
    """Return the number of steps, plus one if the prompt sets a role. `prose` must be in lower case.

    Steps are three or more instructions in a list, or in a sequence such as "first … then … finally".
    """
    listed_steps = sum(not {verb, verb.removesuffix("s")}.isdisjoint(STEP_VERBS) for verb in LISTED_STEP.findall(prose))
    sequence_matches = [any(sentence in vocabulary for sentence in sentences) for vocabulary in SEQUENCE_WORDS]
    sequenced_steps = sum(sequence_matches) if sequence_matches[-1] else 0
    steps = max(listed_steps, sequenced_steps)
    return (steps if steps >= SEVERAL else 0) + bool(ROLE_REQUEST.search(prose))
