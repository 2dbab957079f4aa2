"""The plan for one response: the bytes to write, and when."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from tests.fake_provider.behaviour import Behaviour, parse, reasoning, tokens
from tests.fake_provider.wire import Format, ParsedRequest, build_event

Step = tuple[float, bytes]  # seconds since the request, bytes of the body
Ending = Literal["finish", "hang", "reset"]
PIECE = 7


@dataclass
class Plan:
    """The steps and the end of a response; if `status` is 0, not even the headers are sent."""

    steps: Iterator[Step]
    status: int = 200
    content_type: str = "text/event-stream"
    ending: Ending = "finish"
    well: bool = True
    headers: str = ""


def build_plan(wire: Format, request: ParsedRequest, *, first: bool) -> Plan:
    """The plan for a request. first: whether it is the first one to this model with this prompt."""
    behaviour = parse(request.model)
    if behaviour.unknown:
        error_plan = document(404, wire.error(404, f"The model {request.model!r} does not exist"))
        return replace(error_plan, well=False)
    plan = None
    if behaviour.misbehaves(request.model, request.prompt, request.turn, first=first):
        plan = MISBEHAVIOURS[behaviour.misbehaviour](wire, request, behaviour)
    plan = replace(plan, well=False) if plan else well_behaved(wire, request, behaviour)
    if plan.status == 200 and plan.content_type in ("text/event-stream", "text/plain"):
        delay, piece = next(plan.steps, (0.0, b""))
        plan.steps = itertools.chain([(delay, wire.begin(request) + piece)], plan.steps)
    return plan


def well_behaved(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan:
    answer_tokens = tokens(request.model, request.prompt)
    if "json" in behaviour.manners:
        return document(200, wire.document(request, "".join(map(str, answer_tokens))))
    pieces = [*encode_answer(wire, request, behaviour)]
    lingers = "lingers" in behaviour.manners
    end = wire.end(request, len(answer_tokens), cut="cut" in behaviour.manners)
    pieces.append(wire.finish(request) if lingers else end)
    steps = schedule(apply_manners(pieces, behaviour), behaviour)
    kind = "text/plain" if "plain" in behaviour.manners else "text/event-stream"
    return Plan(steps, content_type=kind, ending="hang" if lingers else "finish")


def encode_answer(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Iterator[bytes]:
    """One piece of bytes per token."""
    thoughts = reasoning(request.model, request.prompt)
    if "tag" in behaviour.manners:
        yield from map(wire.token, ("<thi", "nk>", *thoughts, "</thin", "k>\n", "\n"))
    else:
        yield from map(wire.thought, thoughts)
    yield from map(wire.token, tokens(request.model, request.prompt))


def apply_manners(pieces: Iterable[bytes], behaviour: Behaviour) -> Iterable[bytes]:
    if "crlf" in behaviour.manners:
        extras = b": keep-alive\nid: 7\nretry: 1000\nevent: message\n"
        pieces = [(extras + piece).replace(b"\n", b"\r\n") + b": ping\r\n\r\n" for piece in pieces]
    if "split" in behaviour.manners:
        whole = b"".join(pieces)
        return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]
    return pieces


def schedule(pieces: Iterable[bytes], behaviour: Behaviour) -> Iterator[Step]:
    rate = behaviour.rate * (30 if "split" in behaviour.manners else 1)
    return ((behaviour.ttft + n / rate, piece) for n, piece in enumerate(pieces))


def document(status: int, body: Any) -> Plan:
    return Plan(iter([(0.0, orjson.dumps(body))]), status, "application/json")


def begin_then(
    wire: Format, request: ParsedRequest, behaviour: Behaviour, *more: bytes, ending: Ending = "finish"
) -> Plan:
    """A plan that begins with as many tokens as the name says, and continues with `more`."""
    pieces = itertools.islice(encode_answer(wire, request, behaviour), behaviour.after)
    return Plan(schedule([*pieces, *more], behaviour), ending=ending)


def error(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan:
    status = int(behaviour.value)
    plan = document(
        status, wire.error(status, f"Status {status} was wanted, with the key {request.key}. {request.prompt}")
    )
    return replace(plan, headers=f"Retry-After: {behaviour.wait}\r\n" if behaviour.wait else "")


def refuses(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan | None:
    if f'"{behaviour.value}":'.encode() not in orjson.dumps(request.body):
        return None
    field = "thinking.budget_tokens" if behaviour.value == "budget_tokens" else behaviour.value
    return document(400, wire.error(400, f"Unsupported parameter: '{field}' is not supported."))


def ponders(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan | None:
    """A model with hidden reasoning: if its limit allows no more than that, the answer is empty."""
    if get_token_limit(request) > int(behaviour.value):
        return None
    return Plan(schedule([wire.end(request, 0, cut=True)], behaviour))


def get_token_limit(request: ParsedRequest) -> int:
    """The most tokens that the request allows."""
    names = ("max_tokens", "max_completion_tokens", "maxOutputTokens")
    fields = request.body | request.body.get("generationConfig", {})
    return next(int(fields[name]) for name in names if name in fields)


def silent(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan:
    ending: Ending = "hang" if behaviour.misbehaviour == "hang" else "reset"
    plan = begin_then(wire, request, behaviour, ending=ending)
    return plan if behaviour.after else Plan(iter(()), status=0, ending=ending)


def slowloris(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan:
    plan = begin_then(wire, request, behaviour)
    bytes_forever = zip(itertools.count(1.0), itertools.cycle((b":", b" ", b"\n")), strict=False)
    plan.steps = itertools.chain(plan.steps, bytes_forever)
    return plan


def endless(wire: Format, request: ParsedRequest, behaviour: Behaviour) -> Plan:
    return Plan(schedule(itertools.repeat(wire.token("and so on " * 100)), behaviour))


MISBEHAVIOURS: dict[str, Callable[[Format, ParsedRequest, Behaviour], Plan | None]] = {
    "error": error,
    "refuses": refuses,
    "ponders": ponders,
    "hang": silent,
    "reset": silent,
    "slowloris": slowloris,
    "endless": endless,
    "truncated": lambda w, a, b: begin_then(w, a, b, w.token("never seen")[:-20]),
    "garbage": lambda w, a, b: begin_then(w, a, b, build_event(b"\x00\xff{]" + bytes(range(128, 256)))),
    "fails": lambda w, a, b: begin_then(w, a, b, w.failure()),
    "filtered": lambda w, a, b: begin_then(w, a, b, w.filtered()),
    "empty": lambda w, a, b: begin_then(w, a, b, w.end(a, 0)),
    "blank": lambda w, a, b: begin_then(w, a, b, w.token(" \n"), w.token("\n"), w.end(a, 2)),
    "toolong": lambda w, a, b: document(400, w.too_long()),
    "html": lambda w, a, b: Plan(
        iter([(0.0, b"<!DOCTYPE html><html><body>Bad gateway</body></html>")]), content_type="text/html"
    ),
}
