"""What will be written for one request, and when."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from tests.fake_provider.behaviour import Behaviour, parse, reasoning, tokens
from tests.fake_provider.wire import Asked, Format, event

Step = tuple[float, bytes]  # seconds since the request, bytes of the body
Ending = Literal["finish", "hang", "reset"]
PIECE = 7


@dataclass
class Plan:
    """`status` 0: not even the headers are sent."""

    steps: Iterator[Step]
    status: int = 200
    content_type: str = "text/event-stream"
    ending: Ending = "finish"
    well: bool = True
    headers: str = ""


def plan(wire: Format, asked: Asked, *, first: bool) -> Plan:
    """`first`: this model was never asked this before."""
    behaviour = parse(asked.model)
    if behaviour.unknown:
        missing = document(404, wire.error(404, f"The model {asked.model!r} does not exist"))
        return replace(missing, well=False)
    made = None
    if behaviour.misbehaves(asked.model, asked.prompt, asked.turn, first=first):
        made = MISBEHAVIOURS[behaviour.misbehaviour](wire, asked, behaviour)
    made = replace(made, well=False) if made else well_behaved(wire, asked, behaviour)
    if made.status == 200 and made.content_type in ("text/event-stream", "text/plain"):
        delay, piece = next(made.steps, (0.0, b""))
        made.steps = itertools.chain([(delay, wire.begin(asked) + piece)], made.steps)
    return made


def well_behaved(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan:
    said = tokens(asked.model, asked.prompt)
    if "json" in behaviour.manners:
        return document(200, wire.document(asked, "".join(map(str, said))))
    spoken = [*speech(wire, asked, behaviour)]
    lingers = "lingers" in behaviour.manners
    end = wire.end(asked, len(said), cut="cut" in behaviour.manners)
    spoken.append(wire.finish(asked) if lingers else end)
    steps = timed(dressed(spoken, behaviour), behaviour)
    kind = "text/plain" if "plain" in behaviour.manners else "text/event-stream"
    return Plan(steps, content_type=kind, ending="hang" if lingers else "finish")


def speech(wire: Format, asked: Asked, behaviour: Behaviour) -> Iterator[bytes]:
    """One piece of bytes per token."""
    thoughts = reasoning(asked.model, asked.prompt)
    if "tag" in behaviour.manners:
        yield from map(wire.token, ("<thi", "nk>", *thoughts, "</thin", "k>\n", "\n"))
    else:
        yield from map(wire.thought, thoughts)
    yield from map(wire.token, tokens(asked.model, asked.prompt))


def dressed(spoken: Iterable[bytes], behaviour: Behaviour) -> Iterable[bytes]:
    if "crlf" in behaviour.manners:
        extras = b": keep-alive\nid: 7\nretry: 1000\nevent: message\n"
        spoken = [(extras + piece).replace(b"\n", b"\r\n") + b": ping\r\n\r\n" for piece in spoken]
    if "split" in behaviour.manners:
        whole = b"".join(spoken)
        return [whole[at : at + PIECE] for at in range(0, len(whole), PIECE)]
    return spoken


def timed(pieces: Iterable[bytes], behaviour: Behaviour) -> Iterator[Step]:
    rate = behaviour.rate * (30 if "split" in behaviour.manners else 1)
    return ((behaviour.ttft + n / rate, piece) for n, piece in enumerate(pieces))


def document(status: int, body: Any) -> Plan:
    return Plan(iter([(0.0, orjson.dumps(body))]), status, "application/json")


def begun(wire: Format, asked: Asked, behaviour: Behaviour, *more: bytes, ending: Ending = "finish") -> Plan:
    """As many tokens as the name says, then something else."""
    spoken = itertools.islice(speech(wire, asked, behaviour), behaviour.after)
    return Plan(timed([*spoken, *more], behaviour), ending=ending)


def error(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan:
    status = int(behaviour.value)
    made = document(status, wire.error(status, f"Status {status} was wanted, with the key {asked.key}. {asked.prompt}"))
    return replace(made, headers=f"Retry-After: {behaviour.wait}\r\n" if behaviour.wait else "")


def refuses(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan | None:
    if f'"{behaviour.value}":'.encode() not in orjson.dumps(asked.body):
        return None
    named = "thinking.budget_tokens" if behaviour.value == "budget_tokens" else behaviour.value
    return document(400, wire.error(400, f"Unsupported parameter: '{named}' is not supported."))


def ponders(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan | None:
    """Thinks unseen; where its limit holds no more than the thoughts, nothing is said."""
    if limit(asked) > int(behaviour.value):
        return None
    return Plan(timed([wire.end(asked, 0, cut=True)], behaviour))


def limit(asked: Asked) -> int:
    """The tokens that it may spend."""
    names = ("max_tokens", "max_completion_tokens", "maxOutputTokens")
    fields = asked.body | asked.body.get("generationConfig", {})
    return next(int(fields[name]) for name in names if name in fields)


def silent(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan:
    ending: Ending = "hang" if behaviour.misbehaviour == "hang" else "reset"
    made = begun(wire, asked, behaviour, ending=ending)
    return made if behaviour.after else Plan(iter(()), status=0, ending=ending)


def slowloris(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan:
    made = begun(wire, asked, behaviour)
    bytes_forever = zip(itertools.count(1.0), itertools.cycle((b":", b" ", b"\n")), strict=False)
    made.steps = itertools.chain(made.steps, bytes_forever)
    return made


def endless(wire: Format, asked: Asked, behaviour: Behaviour) -> Plan:
    return Plan(timed(itertools.repeat(wire.token("and so on " * 100)), behaviour))


MISBEHAVIOURS: dict[str, Callable[[Format, Asked, Behaviour], Plan | None]] = {
    "error": error,
    "refuses": refuses,
    "ponders": ponders,
    "hang": silent,
    "reset": silent,
    "slowloris": slowloris,
    "endless": endless,
    "truncated": lambda w, a, b: begun(w, a, b, w.token("never seen")[:-20]),
    "garbage": lambda w, a, b: begun(w, a, b, event(b"\x00\xff{]" + bytes(range(128, 256)))),
    "fails": lambda w, a, b: begun(w, a, b, w.failure()),
    "filtered": lambda w, a, b: begun(w, a, b, w.filtered()),
    "empty": lambda w, a, b: begun(w, a, b, w.end(a, 0)),
    "blank": lambda w, a, b: begun(w, a, b, w.token(" \n"), w.token("\n"), w.end(a, 2)),
    "toolong": lambda w, a, b: document(400, w.too_long()),
    "html": lambda w, a, b: Plan(
        iter([(0.0, b"<!DOCTYPE html><html><body>Bad gateway</body></html>")]), content_type="text/html"
    ),
}
