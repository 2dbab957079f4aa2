"""How a fake model behaves is written in its name, words and numbers joined by dashes:

    steady-50  rate-50      tokens a second (default 1000)
    ttft-0.5                seconds before the first token (default 0)
    len-300                 how many tokens (default 30 to 60, by model and prompt)
    says:TEXT               says this, at the default pace; comes last

    error-500               answers with this status (and quotes API key and prompt, as some providers do)
    error-429-wait-60       and with this header Retry-After
    hang-3   slowloris-3    after 3 tokens (default 0): silence; one byte of keep-alive a second
    reset-3  truncated-3    after 3 tokens: connection reset; half an event, then a proper end
    garbage-3  fails-3      after 3 tokens: bytes without sense; an error object inside the stream
    filtered-3              after 3 tokens: stopped by the provider's filter
    toolong                 the prompt is longer than the context
    endless  html  empty  blank
    refuses-FIELD           status 400 while the request has this field (stream_options, …)
    ponders-1500            spends so many tokens on thought unseen: where its limit is no higher, nothing is said

    thinks  thinks-tag      reasons first: in the format's own field, or between <think> and </think>
    surrogates  bytes       emoji split over chunks, lone halves, NUL; invalid UTF-8
    split  crlf  plain      written in pieces of 7 bytes; CRLF, comments, ids; as text/plain
    json  lingers           one document instead of a stream; no [DONE] and no end of the connection
    cut                     says that it ended at the limit of length

    once  turn-2  pct-30    misbehave only the first time for this prompt; only in turn 2; for 30 % of prompts
    when-hush               misbehave only where the prompt holds this word

Before a slash may stand anything: `a/steady-50` and `b/steady-50` behave alike and say different things.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

VALUES: dict[str, tuple[str, type[float] | type[str]]] = {
    "steady": ("rate", float), "rate": ("rate", float), "ttft": ("ttft", float), "len": ("length", float),
    "turn": ("turn", float), "pct": ("percent", float), "when": ("when", str), "wait": ("wait", str),
}  # fmt: skip


def listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


MISBEHAVIOURS = listed(
    "error hang slowloris reset truncated garbage fails filtered toolong endless html empty blank refuses ponders"
)
MANNERS = listed("thinks surrogates bytes split crlf plain json lingers cut")
WORDS = listed(
    "the a of and to in is that it for as with on by this are be at from or an model answer question number "
    "value light water city river book story music dance color time year day hand part place case week "
    "company system program group problem fact **bold** *soft* `code` naïve café Straße façade 東京 こんにちは "
    "Привет мир 🙂 🚀 👩\u200d🔬 π ≈ 3.14 → first, second, third. However, indeed. therefore \n\n \n-"
)
SURROGATES: tuple[str, ...] = ("Smile \ud83d", "\ude00", " lone \ud800 half", " nul\x00 gone", " end \ud83d")
SURROGATES_CLEAN = "Smile 😀 lone \ufffd half nul gone end \ufffd"
BYTES: tuple[bytes, ...] = (b"caf\xe9", b" \xff and ", "naïve".encode())
BYTES_CLEAN = "caf\ufffd \ufffd and naïve"

Token = str | bytes  # bytes: the inside of a JSON string, as it is


@dataclass(frozen=True)
class Behaviour:
    misbehaviour: str = ""
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
    says: str = ""
    unknown: tuple[str, ...] = field(default=())

    @property
    def after(self) -> int:
        """How many tokens come before the misbehaviour."""
        return int(self.value) if self.value.isdigit() and self.misbehaviour != "error" else 0

    def misbehaves(self, model: str, prompt: str, turn: int, *, first: bool) -> bool:
        return (
            bool(self.misbehaviour)
            and (first or not self.once)
            and self.when in prompt
            and (not self.turn or turn == self.turn)
            and seeded(model, prompt).random() * 100 < self.percent
        )

    def well(self) -> "Behaviour":
        return replace(self, misbehaviour="")


def parse(model: str) -> Behaviour:
    """What the name says; words that mean nothing are in `unknown`."""
    name, says, text = model.partition("says:")
    words = name.rpartition("/")[2].split("-") if name.rpartition("/")[2] else []
    values: dict[str, object] = {"says": text if says else ""}
    unknown = []
    while words:
        word = words.pop(0)
        if word in VALUES:
            name, kind = VALUES[word]
            values[name] = kind(words.pop(0))
        elif word in MISBEHAVIOURS:
            values["misbehaviour"] = word
            if words and (words[0].isdigit() or word == "refuses"):
                values["value"] = words.pop(0)
        elif word == "once":
            values["once"] = True
        elif word in MANNERS or word == "tag":
            values["manners"] = frozenset({word, *values.get("manners", ())})  # type: ignore[misc]
        elif word:
            unknown.append(word)
    assert values.keys() <= {f.name for f in fields(Behaviour)}
    return Behaviour(**values, unknown=tuple(unknown))  # type: ignore[arg-type]


def seeded(model: str, prompt: str) -> random.Random:
    return random.Random(hashlib.sha256(f"{model}\0{prompt}".encode(errors="replace")).digest())


def tokens(model: str, prompt: str) -> Sequence[Token]:
    """What the model has to say to this prompt (the last user message) when it behaves."""
    behaviour = parse(model)
    if behaviour.says:
        first, *rest = behaviour.says.split(" ")
        return [first, *(f" {word}" for word in rest)]
    if "surrogates" in behaviour.manners:
        return SURROGATES
    if "bytes" in behaviour.manners:
        return BYTES
    rng = seeded(model, prompt)
    length = int(behaviour.length) or rng.randint(30, 60)
    first, *rest = rng.choices(WORDS, k=length)
    return [first.strip() or "So", *(word if word.isspace() else f" {word}" for word in rest)]


def reasoning(model: str, prompt: str) -> list[str]:
    """What it thinks before that."""
    if "thinks" not in parse(model).manners:
        return []
    first, *rest = seeded(model, f"thoughts on {prompt}").choices(WORDS[:40], k=12)
    return [first, *(f" {word}" for word in rest)]


def expected_text(model: str, prompt: str) -> str:
    """The answer that should come out in the end, cleaned."""
    said = tokens(model, prompt)
    if said is SURROGATES:
        return SURROGATES_CLEAN
    if said is BYTES:
        return BYTES_CLEAN
    return "".join(map(str, said))


def expected_reasoning(model: str, prompt: str) -> str:
    return "".join(reasoning(model, prompt))
