"""Fake models that behave well, slowly, or badly, for a service with short time limits.

A slug describes the behavior of its model (see `tests.fake_provider.behavior`).
"""

GOOD = {name: f"{name}/steady-80-len-50" for name in ("good", "spare", "thistle")}
SLOW = {name: f"{name}/steady-10-len-50" for name in ("slow", "slower")}
QUICK = {name: f"{name}/steady-500-len-50" for name in ("quick", "quicker")}
LONG = {name: f"{name}/rate-3000-len-900" for name in ("talkative", "chatty")}
LATE = {"late": "late/ttft-1-steady-80"}

LIMITS_S = {"first": 1.5, "between": 1.5, "answer": 8.0}
VARIABLES = {
    "ARENA_FIRST_TOKEN_TIMEOUT_S": str(LIMITS_S["first"]),
    "ARENA_BETWEEN_TOKENS_TIMEOUT_S": str(LIMITS_S["between"]),
    "ARENA_ANSWER_TIMEOUT_S": str(LIMITS_S["answer"]),
    "ARENA_PROXY_HOPS": "1",
    "ARENA_BATTLES_PER_HOUR": "0",
    "ARENA_BATTLES_PER_HOUR_ADDRESS": "0",
}

BEFORE_A_WORD = (
    *("error-500", "error-401", "error-429", "hang", "slowloris", "garbage", "html", "truncated", "reset"),
    *("empty", "blank", "fails", "toolong", "filtered"),
)
IN_MID_STREAM = tuple(
    f"{each}-5" for each in ("hang", "slowloris", "garbage", "truncated", "reset", "fails", "filtered")
)
ODD_BUT_GOOD = ("surrogates", "bytes", "split", "crlf", "plain", "json", "lingers", "thinks", "thinks-tag", "cut")
IN_TURN_TWO = tuple(f"turn-2-{each}" for each in ("error-500", "hang", "reset-5"))
# These models end immediately, refuse, or fail if the question contains the word `hush`.
PICKY = tuple(f"picky/{each}-when-hush" for each in ("empty", "error-400", "hang", "error-500"))
OTHERS = ("endless", "once-reset-5", "error-503")
BAD = {name: name for name in (*BEFORE_A_WORD, *IN_MID_STREAM, *ODD_BUT_GOOD, *IN_TURN_TWO, *OTHERS)}

BY_QUESTION = {f"picky-{name.split('/')[1].split('-when')[0]}": name for name in PICKY}

MODELS = BY_QUESTION | GOOD | SLOW | QUICK | LONG | LATE | BAD
