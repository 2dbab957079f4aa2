"""What ELIZA has to say: keywords with their ranks, patterns, and the answers that take turns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern (see `eliza.match`) and its answers; `(2)` is what the second element stood for."""

    pattern: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyword:
    """The higher the rank, the earlier its rules are tried."""

    rank: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class MemoryRule:
    """What is put aside when this keyword led to an answer, for when there is nothing else to say."""

    keyword: str
    rule: Rule


WORD_GROUPS = {
    name: frozenset(words.split())
    for name, words in (
        (
            "family",
            "mother mum mom father dad parents sister brother wife husband son daughter child children",
        ),
        ("sad", "sad unhappy depressed lonely tired afraid angry lost sick upset worried anxious"),
        ("glad", "happy glad better fine excited proud calm relieved"),
        ("wish", "want need wish hope"),
        ("think", "think believe feel guess suppose"),
        ("dreamt", "dreamt dreamed dream"),
        ("like", "like alike same similar"),
        ("be", "am is are was were"),
    )
}

CONTRACTIONS = {
    "i'm": "i am",
    "im": "i am",
    "you're": "you are",
    "cannot": "can't",
    "cant": "can't",
    "dont": "don't",
}

REFLECTIONS = {
    "i": "you",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "am": "are",
    "i've": "you've",
    "i'll": "you'll",
    "i'd": "you'd",
    "you": "I",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
    "you've": "I've",
    "you'll": "I'll",
    "you'd": "I'd",
    "was": "were",
}

DEFAULT_ANSWERS = (
    "I am not sure that I follow. Could you put it differently?",
    "Please go on.",
    "What does that make you think of?",
    "Tell me more about this.",
    "Is it important to you to talk about that?",
)

MEMORY_RULE = MemoryRule(
    "my",
    Rule(
        "* my *",
        (
            "Earlier you spoke of your (3). Shall we come back to it?",
            "Has this anything to do with the fact that your (3)?",
            "Let us stay a little longer with your (3).",
        ),
    ),
)


def build_keyword(rank: int, *rules: tuple[str, ...]) -> Keyword:
    return Keyword(rank, tuple(Rule(pattern, tuple(answers)) for pattern, *answers in rules))


HELLO = build_keyword(
    1,
    ("*", "Hello. What is on your mind?", "Good day. What would you like to talk about?"),
)
SORRY = build_keyword(1, ("*", "There is no need to be sorry.", "What do you feel when you apologise?"))
MACHINE = build_keyword(
    50,
    (
        "*",
        "Do machines trouble you?",
        "Why do you bring up machines?",
        "What do you think a machine has to do with your question?",
        "Would it help you if a machine understood you?",
    ),
)
ALWAYS = build_keyword(
    8,
    (
        "*",
        "Can you think of a particular time?",
        "Really always?",
        "When was it last like that?",
    ),
)
NEVER = build_keyword(8, ("*", "Never at all?", "What would have to happen for that to change?"))
EVERYONE = build_keyword(
    9,
    (
        "* /be *",
        "Surely not everyone. Whom are you thinking of?",
        "Is there one person you have in mind?",
    ),
    ("*", "Whom in particular do you mean?", "Would you say that of me, too?"),
)
ALIKE = build_keyword(
    10,
    (
        "* /be * /like *",
        "In what way?",
        "What do they have in common, as you see it?",
        "What does that likeness suggest to you?",
    ),
)
DREAM = build_keyword(
    7,
    (
        "* i /dreamt *",
        "What does it mean to you that you dreamt (4)?",
        "Had you ever imagined (4) while awake?",
    ),
    ("*", "Do you dream often?", "Who appears in your dreams?", "What does that dream tell you?"),
)
REMEMBER = build_keyword(
    5,
    (
        "* i remember *",
        "Do you often think of (4)?",
        "What else comes to mind when you remember (4)?",
        "Why do you remember (4) just now?",
    ),
    ("* do you remember *", "Did you think I would forget (5)?", "What about (5)?"),
    ("*", "Does remembering it help you?"),
)
IF = build_keyword(
    3,
    (
        "* if *",
        "How likely is it that (3)?",
        "Do you wish that (3)?",
        "What would you do if (3)?",
    ),
)
BECAUSE = build_keyword(
    4,
    (
        "*",
        "Is that the real reason?",
        "Could there be other reasons?",
        "Does that reason explain anything else?",
    ),
)
SELF = build_keyword(
    2,
    (
        "* i /wish *",
        "What would it mean to you to have (4)?",
        "Why do you (3) (4)?",
        "Suppose you got (4) tomorrow. What then?",
    ),
    (
        "* i am * /sad *",
        "I am sorry to hear that you are (5).",
        "What, do you think, made you (5)?",
        "Did you come here because you are (5)?",
    ),
    ("* i am * /glad *", "What makes you (5) just now?", "How long have you been (5)?"),
    (
        "* i am *",
        "How long have you been (4)?",
        "Do you think it is usual to be (4)?",
        "Do you like being (4)?",
    ),
    ("* i can't *", "What would happen if you could (4)?", "Have you tried to (4)?"),
    ("* i don't *", "Why don't you (4)?", "Would you like to (4)?"),
    ("* i /think * i *", "Are you sure that you (6)?", "What makes you doubt that you (6)?"),
    ("* i /think *", "Do you really (3) (4)?", "Who else would (3) (4)?"),
    ("* i * you", "Perhaps in your imagination we (3) each other.", "Why do you (3) me?"),
    ("* i *", "You say that you (3)?", "Can you tell me more about that?", "Why do you say that you (3)?"),
)
YOU = build_keyword(
    2,
    ("* you remind me of *", "What likeness do you see between me and (6)?"),
    ("* you are *", "What makes you think that I am (4)?", "Would you rather I were not (4)?"),
    ("* can you *", "You would like me to be able to (4)?", "Perhaps you can (4) yourself?"),
    ("* you * me", "Why do you think that I (3) you?", "Suppose I did (3) you. What would follow?"),
    ("* you *", "We were talking about you, not me.", "You are not really speaking of me, are you?"),
)
MY = build_keyword(
    6,
    ("* my * /family *", "Tell me more about your family.", "Who else in your family comes to mind?"),
    ("* my *", "Your (3)?", "Why do you say your (3)?", "What else do you connect with your (3)?"),
)
QUESTION = build_keyword(
    3,
    (
        "*",
        "Why do you ask?",
        "What answer would please you most?",
        "What do you think yourself?",
        "Have you asked anyone else?",
    ),
)
YES = build_keyword(1, ("*", "You seem quite sure.", "I see. And then?", "I understand."))
NO = build_keyword(1, ("*", "Why not?", "Are you saying no just to be on the safe side?", "You sound rather negative."))
PERHAPS = build_keyword(1, ("*", "You do not seem certain.", "Can you not say more definitely?"))

KEYWORDS = {
    word: entry
    for words, entry in (
        ("hello hi hey greetings", HELLO),
        ("sorry apologise apologize", SORRY),
        ("computer computers machine machines robot robots ai", MACHINE),
        ("always", ALWAYS),
        ("never", NEVER),
        ("everyone everybody nobody noone", EVERYONE),
        ("alike same similar like", ALIKE),
        ("dream dreams dreamt dreamed", DREAM),
        ("remember", REMEMBER),
        ("if", IF),
        ("because", BECAUSE),
        ("i", SELF),
        ("you", YOU),
        ("my", MY),
        ("what how when where who which why", QUESTION),
        ("yes", YES),
        ("no", NO),
        ("perhaps maybe", PERHAPS),
    )
    for word in words.split()
}
