"""The name of a fake model describes its behavior, in words and numbers joined by dashes:

    steady-50  rate-50      tokens per second (default 1000)
    ttft-0.5                seconds before the first token (default 0)
    len-300                 number of tokens (default 30 to 60, by model and prompt)
    says:TEXT               answers with this text, at the default pace; must come last. A text that is too long for a
                            name can be in the field `says` of the request instead (`endpoint.parameters.says`)

    error-500               answers with this status (and quotes API key and prompt, like some providers)
    error-429-wait-60       the same, with this Retry-After header
    limit-16                status 429 while 16 other requests to the model are open
    hang-3   slowloris-3    after 3 tokens (default 0): silence; one byte of keep-alive per second
    reset-3  truncated-3    after 3 tokens: connection reset; half an event, then a proper end
    garbage-3  fails-3      after 3 tokens: random bytes; an error object inside the stream
    filtered-3              after 3 tokens: stopped by the provider's content filter
    toolong                 the prompt is longer than the context
    endless  html  empty  blank
    refuses-FIELD           status 400 if the request has this field (stream_options, …)
    ponders-1500            spends this many tokens on hidden reasoning: without a higher limit, the answer is empty

    thinks  thinks-tag      reasons first, in the format's own field or between <think> and </think>
    surrogates  bytes       emoji split over chunks, lone surrogates, NUL; invalid UTF-8
    split  crlf  plain      written in pieces of 7 bytes; CRLF, comments, ids; as text/plain
    json  lingers           one document instead of a stream; no [DONE] and no end of the connection
    cut                     reports that the answer ended at the length limit

    once  turn-2  pct-30    misbehaves only on the first request of a prompt; only in turn 2; for 30% of prompts
    when-hush               misbehaves only if the prompt contains this word

A prefix before a slash changes only the text: `a/steady-50` and `b/steady-50` behave alike but give different answers.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

VALUES: dict[str, tuple[str, type[float] | type[str]]] = {
    "steady": ("rate", float), "rate": ("rate", float), "ttft": ("ttft", float), "len": ("length", float),
    "turn": ("turn", float), "pct": ("percent", float), "when": ("when", str), "wait": ("wait", str),
    "limit": ("limit", float),
}  # fmt: skip


def split_words(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


MISBEHAVIORS = split_words(
    "error hang slowloris reset truncated garbage fails filtered toolong endless html empty blank refuses ponders"
)
MANNERS = split_words("thinks surrogates bytes split crlf plain json lingers cut")
WORDS = split_words(
    "the a of and to in is that it for as with on by this are be at from or an model answer question number "
    "value light water city river book story music dance color time year day hand part place case week "
    "company system program group problem fact **bold** *soft* `code` naïve café Straße façade 東京 こんにちは "
    "Привет мир 🙂 🚀 👩\u200d🔬 π ≈ 3.14 → first, second, third. However, indeed. therefore \n\n \n-"
)
SURROGATES: tuple[str, ...] = ("Smile \ud83d", "\ude00", " lone \ud800 half", " nul\x00 gone", " end \ud83d")
SURROGATES_CLEAN = "Smile 😀 lone \ufffd half nul gone end \ufffd"
BYTES: tuple[bytes, ...] = (b"caf\xe9", b" \xff and ", "naïve".encode())
BYTES_CLEAN = "caf\ufffd \ufffd and naïve"

Token = str | bytes  # bytes are inserted verbatim into a JSON string


@dataclass(frozen=True)
class Behavior:
    misbehavior: str = ""
    value: str = ""
    manners: frozenset[str] = frozenset()
    rate: float = 1000
    ttft: float = 0
    length: float = 0
    turn: float = 0
    percent: float = 100
    once: bool = False
    when: str = ""
    wait: str = ""
    limit: float = 0
    says: str = ""
    unknown: tuple[str, ...] = field(default=())

    @property
    def after(self) -> int:
        """The number of tokens before the misbehavior starts."""
        return int(self.value) if self.value.isdigit() and self.misbehavior != "error" else 0

    def misbehaves(self, model: str, prompt: str, turn: int, *, first: bool) -> bool:
        return (
            bool(self.misbehavior)
            and (first or not self.once)
            and self.when in prompt
            and (not self.turn or turn == self.turn)
            and create_rng(model, prompt).random() * 100 < self.percent
        )

    def well(self) -> "Behavior":
        return replace(self, misbehavior="")


def parse(model: str) -> Behavior:
    """Return the behavior that a model name describes. `unknown` contains words without a meaning."""
    name, says, text = model.partition("says:")
    words = name.rpartition("/")[2].split("-") if name.rpartition("/")[2] else []
    values: dict[str, object] = {"says": text if says else ""}
    unknown = []
    while words:
        word = words.pop(0)
        if word in VALUES:
            name, kind = VALUES[word]
            values[name] = kind(words.pop(0))
        elif word in MISBEHAVIORS:
            values["misbehavior"] = word
            if words and (words[0].isdigit() or word == "refuses"):
                values["value"] = words.pop(0)
        elif word == "once":
            values["once"] = True
        elif word in MANNERS or word == "tag":
            values["manners"] = frozenset({word, *values.get("manners", ())})  # type: ignore[misc]
        elif word:
            unknown.append(word)
    assert values.keys() <= {f.name for f in fields(Behavior)}
    return Behavior(**values, unknown=tuple(unknown))  # type: ignore[arg-type]


def create_rng(model: str, prompt: str) -> random.Random:
    return random.Random(hashlib.sha256(f"{model}\0{prompt}".encode(errors="replace")).digest())


def tokens(model: str, prompt: str) -> Sequence[Token]:
    """Return the tokens of the model's regular answer to this prompt (the last user message)."""
    behavior = parse(model)
    if behavior.says:
        first, *rest = behavior.says.split(" ")
        return [first, *(f" {word}" for word in rest)]
    if "surrogates" in behavior.manners:
        return SURROGATES
    if "bytes" in behavior.manners:
        return BYTES
    rng = create_rng(model, prompt)
    length = int(behavior.length) or rng.randint(30, 60)
    first, *rest = rng.choices(WORDS, k=length)
    return [first.strip() or "So", *(word if word.isspace() else f" {word}" for word in rest)]


def reasoning(model: str, prompt: str) -> list[str]:
    """Return the tokens of the model's reasoning before that answer."""
    if "thinks" not in parse(model).manners:
        return []
    first, *rest = create_rng(model, f"thoughts on {prompt}").choices(WORDS[:40], k=12)
    return [first, *(f" {word}" for word in rest)]


def expected_text(model: str, prompt: str) -> str:
    """Return the text that a backend should deliver."""
    answer_tokens = tokens(model, prompt)
    if answer_tokens is SURROGATES:
        return SURROGATES_CLEAN
    if answer_tokens is BYTES:
        return BYTES_CLEAN
    return "".join(map(str, answer_tokens))


def expected_reasoning(model: str, prompt: str) -> str:
    return "".join(reasoning(model, prompt))
