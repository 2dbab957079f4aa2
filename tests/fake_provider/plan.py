"""Plans a response: the bytes to write, and when to write them."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from tests.fake_provider.behavior import Behavior, parse, reasoning, tokens
from tests.fake_provider.wire import Format, ParsedRequest, build_event

Step = tuple[float, bytes]  # seconds since the request, and bytes of the body
Ending = Literal["finish", "hang", "reset"]
PIECE = 7


@dataclass
class Plan:
    """The steps and the end of a response. If `status` is 0, not even headers are sent."""

    steps: Iterator[Step]
    status: int = 200
    content_type: str = "text/event-stream"
    ending: Ending = "finish"
    well: bool = True
    headers: str = ""


def build_plan(wire: Format, request: ParsedRequest, *, first: bool, others: int) -> Plan:
    """Return the plan for a request.

    first: whether it is the first request to this model with this prompt
    others: the number of other requests to this model that are open
    """
    behavior = parse(request.model)
    if 0 < behavior.limit <= others:
        return replace(document(429, wire.error(429, "Too many requests at a time")), well=False)
    if behavior.unknown:
        error_plan = document(404, wire.error(404, f"The model {request.model!r} does not exist"))
        return replace(error_plan, well=False)
    plan = None
    if behavior.misbehaves(request.model, request.prompt, request.turn, first=first):
        plan = MISBEHAVIORS[behavior.misbehavior](wire, request, behavior)
    plan = replace(plan, well=False) if plan else well_behaved(wire, request, behavior)
    if plan.status == 200 and plan.content_type in ("text/event-stream", "text/plain"):
        delay, piece = next(plan.steps, (0.0, b""))
        plan.steps = itertools.chain([(delay, wire.begin(request) + piece)], plan.steps)
    return plan


def well_behaved(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan:
    answer_tokens = tokens(request.model, request.prompt)
    if "json" in behavior.manners:
        return document(200, wire.document(request, "".join(map(str, answer_tokens))))
    pieces = [*encode_answer(wire, request, behavior)]
    lingers = "lingers" in behavior.manners
    end = wire.end(request, len(answer_tokens), cut="cut" in behavior.manners)
    pieces.append(wire.finish(request) if lingers else end)
    steps = schedule(apply_manners(pieces, behavior), behavior)
    kind = "text/plain" if "plain" in behavior.manners else "text/event-stream"
    return Plan(steps, content_type=kind, ending="hang" if lingers else "finish")


def encode_answer(wire: Format, request: ParsedRequest, behavior: Behavior) -> Iterator[bytes]:
    """Yield the bytes of one token at a time."""
    thoughts = reasoning(request.model, request.prompt)
    if "tag" in behavior.manners:
        yield from map(wire.token, ("<thi", "nk>", *thoughts, "</thin", "k>\n", "\n"))
    else:
        yield from map(wire.thought, thoughts)
    yield from map(wire.token, tokens(request.model, request.prompt))


def apply_manners(pieces: Iterable[bytes], behavior: Behavior) -> Iterable[bytes]:
    if "crlf" in behavior.manners:
        extras = b": keep-alive\nid: 7\nretry: 1000\nevent: message\n"
        pieces = [(extras + piece).replace(b"\n", b"\r\n") + b": ping\r\n\r\n" for piece in pieces]
    if "split" in behavior.manners:
        whole = b"".join(pieces)
        return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]
    return pieces


def schedule(pieces: Iterable[bytes], behavior: Behavior) -> Iterator[Step]:
    rate = behavior.rate * (30 if "split" in behavior.manners else 1)
    return ((behavior.ttft + n / rate, piece) for n, piece in enumerate(pieces))


def document(status: int, body: Any) -> Plan:
    return Plan(iter([(0.0, orjson.dumps(body))]), status, "application/json")


def begin_then(
    wire: Format, request: ParsedRequest, behavior: Behavior, *more: bytes, ending: Ending = "finish"
) -> Plan:
    """Return a plan that sends the number of tokens in the model's name, followed by `more`."""
    pieces = itertools.islice(encode_answer(wire, request, behavior), behavior.after)
    return Plan(schedule([*pieces, *more], behavior), ending=ending)


def error(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan:
    status = int(behavior.value)
    plan = document(
        status, wire.error(status, f"Status {status} was wanted, with the key {request.key}. {request.prompt}")
    )
    return replace(plan, headers=f"Retry-After: {behavior.wait}\r\n" if behavior.wait else "")


def refuses(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan | None:
    if f'"{behavior.value}":'.encode() not in orjson.dumps(request.body):
        return None
    field = "thinking.budget_tokens" if behavior.value == "budget_tokens" else behavior.value
    return document(400, wire.error(400, f"Unsupported parameter: '{field}' is not supported."))


def ponders(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan | None:
    """Return an empty answer if the token limit leaves no room after the hidden reasoning."""
    if request.token_limit > int(behavior.value):
        return None
    return Plan(schedule([wire.end(request, 0, cut=True)], behavior))


def silent(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan:
    ending: Ending = "hang" if behavior.misbehavior == "hang" else "reset"
    plan = begin_then(wire, request, behavior, ending=ending)
    return plan if behavior.after else Plan(iter(()), status=0, ending=ending)


def slowloris(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan:
    plan = begin_then(wire, request, behavior)
    bytes_forever = zip(itertools.count(1.0), itertools.cycle((b":", b" ", b"\n")), strict=False)
    plan.steps = itertools.chain(plan.steps, bytes_forever)
    return plan


def endless(wire: Format, request: ParsedRequest, behavior: Behavior) -> Plan:
    return Plan(schedule(itertools.repeat(wire.token("and so on " * 100)), behavior))


MISBEHAVIORS: dict[str, Callable[[Format, ParsedRequest, Behavior], Plan | None]] = {
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
