"""What strangers send for the catalogue: read at once, kept apart until an operator decides, then imported or emptied.

A file goes the way of every file of scores (`catalog.importers.scores`); what is accepted says where it came from.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim, is_in_future
from catalog.importers import lm_eval
from catalog.importers.model_facts import load_model_keys
from catalog.importers.score_row import ScoreRow
from catalog.importers.scores import import_scores
from catalog.matching.aliases import find_model
from catalog.matching.resolver import NamedModels
from catalog.matching.seed_files import read_aliases
from catalog.models import Fact, Score, Submission
from core.storage import fair_queue

MAX_FILE_BYTES = 5_000_000
MAX_SCORES = 2_000
MAX_PER_VOTER = 10
MAX_PER_NETWORK = 20
MAX_PENDING = 200  # of all: what waits takes up to five megabytes each
MAX_ERROR_LENGTH = 300
MAX_SCORE_VALUE = 1e12
COMMUNITY_SOURCE = "community submission"
SUBMIT_LOCK = 7_298_546  # what is sent at once is counted one after another


class DuplicateSubmission(Exception):
    """The catalogue has it, or it waits already; the sentence says which."""


class SubmissionQueueFull(Exception):
    """First somebody has to decide."""


class TooManySubmissions(SubmissionQueueFull):
    """Of this voter alone."""


class AlreadyDecided(Exception):
    """Somebody else was quicker, or it does not exist."""


@dataclass(frozen=True)
class SubmissionContent:
    """What is sent, read and checked."""

    kind: Submission.Kind
    digest: str
    said: dict[str, Any]
    payload: bytes = b""


def parse_score_file(content: bytes) -> SubmissionContent:
    """A result file of lm-evaluation-harness. Raises ValueError that names the place."""
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(_("The file is larger than %(most)s MB.") % {"most": MAX_FILE_BYTES // 10**6})
    rows = _parse_rows(content)
    if len(rows) > MAX_SCORES:
        raise ValueError(_("The file has more than %(most)s scores.") % {"most": f"{MAX_SCORES:,}"})
    for row in rows:
        if abs(row.value) > MAX_SCORE_VALUE or not 0 <= (row.stderr or 0) <= MAX_SCORE_VALUE:
            raise ValueError(_("%(task)s: this is no score") % {"task": row.task})
    if any(row.date and is_in_future(row.date) for row in rows):
        raise ValueError(_("date lies in the future"))
    said = {
        "model": rows[0].model,
        "scores": len(rows),
        "benchmarks": len({row.benchmark for row in rows}),
        "limited": sum(row.limited for row in rows),
    }
    return SubmissionContent(Submission.Kind.SCORES, sha256(content).hexdigest(), said, zlib.compress(content))


def _parse_rows(content: bytes) -> list[ScoreRow]:
    """The sentence of an error may quote the file: only what can be shown of it, and not too much."""
    try:
        return lm_eval.parse_scores(content, COMMUNITY_SOURCE)
    except ValueError as error:
        told = "".join(letter if letter.isprintable() else "�" for letter in str(error))
        raise ValueError(told[:MAX_ERROR_LENGTH]) from None


def build_proposal(fields: Mapping[str, str]) -> SubmissionContent:
    """A proposal: name, organization, license, weights (an address) and why, checked by
    `catalog.importers.proposal_form`."""
    name = fields["model"]
    return SubmissionContent(Submission.Kind.MODEL, sha256(f"model {name.lower()}".encode()).hexdigest(), dict(fields))


@transaction.atomic
def submit_content(voter: UUID, content: SubmissionContent, networks: Sequence[str]) -> Submission:
    """Keep it until somebody decides. Raises AlreadySent, TooManyWaiting.

    networks: hashes of the sender's network, the one to store first. Where the queue is full, the newest one of the
    network with the most makes room.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SUBMIT_LOCK])
    waiting = Submission.objects.filter(state=Submission.State.PENDING)
    if waiting.filter(digest=content.digest).exists():
        raise DuplicateSubmission(_("The same was sent before, and waits for a decision."))
    if known := _explain_duplicate(content):
        raise DuplicateSubmission(known)
    _make_room(waiting, voter, networks)
    found = Submission.objects.create(voter=voter, network=networks[0], **vars(content))
    found.refresh_from_db()
    return found


def _make_room(waiting: QuerySet[Submission], voter: UUID, networks: Sequence[str]) -> None:
    """Raises TooManyWaiting where there is none for this voter or network."""
    if waiting.filter(voter=voter).count() >= MAX_PER_VOTER:
        raise TooManySubmissions(
            _("%(most)s of your submissions are waiting already. Try again when one is decided.")
            % {"most": MAX_PER_VOTER}
        )
    if waiting.filter(network__in=networks).count() >= MAX_PER_NETWORK:
        raise TooManySubmissions(
            _("%(most)s submissions from your network are waiting already. Try again when one is decided.")
            % {"most": MAX_PER_NETWORK}
        )
    if waiting.count() < MAX_PENDING:
        return
    evicted = fair_queue.choose_evicted(waiting.defer("payload"), "network", "created_at", networks)
    if evicted is None:
        raise SubmissionQueueFull(_("Too many submissions are waiting already. Try again when some are decided."))
    evicted.delete()


def expire_submissions(after: timedelta) -> int:
    """Delete what nobody has decided for so long; returns how many."""
    return Submission.objects.filter(state=Submission.State.PENDING, created_at__lte=now() - after).delete()[0]


def _explain_duplicate(content: SubmissionContent) -> str:
    """Why there is nothing to decide, if so."""
    if content.kind == Submission.Kind.SCORES and Score.objects.filter(run=content.digest).exists():
        return _("The scores of this file are in the catalogue already.")
    if content.kind == Submission.Kind.MODEL and _is_known_model(content.said["model"]):
        return _("The catalogue has this model already.")
    return ""


def _is_known_model(name: str) -> bool:
    return find_model(name, load_model_keys(), read_aliases()) is not None or NamedModels().know({name})


def load_score_rows(submission: Submission) -> list[ScoreRow]:
    """The scores of its file, as the catalogue would have them; none once it was refused."""
    if not submission.payload:
        return []
    source = f"{COMMUNITY_SOURCE} {submission.pk}"
    read = lm_eval.parse_scores(zlib.decompress(submission.payload), source)
    return [replace(row, measured_by=COMMUNITY_SOURCE, submitted=True) for row in read]


@transaction.atomic
def accept_submission(key: UUID, who: str, note: str = "") -> Submission:
    """Bring it into the catalogue. Raises Decided, and AlreadySent if the same has come by another way meanwhile."""
    found = _lock_pending(key)
    if known := _explain_duplicate(SubmissionContent(Submission.Kind(found.kind), found.digest, found.said)):
        raise DuplicateSubmission(known)
    if found.kind == Submission.Kind.SCORES:
        import_scores(load_score_rows(found), found.digest)
    else:
        _add_model(found)
    return _save_decision(found, Submission.State.ACCEPTED, who, note)


@transaction.atomic
def refuse_submission(key: UUID, who: str, note: str = "") -> Submission:
    """Nothing of it is used, and its file is thrown away. Raises Decided."""
    found = _lock_pending(key)
    found.payload = b""
    return _save_decision(found, Submission.State.REFUSED, who, note)


def _lock_pending(key: UUID) -> Submission:
    found = Submission.objects.select_for_update().filter(pk=key, state=Submission.State.PENDING).first()
    if found is None:
        raise AlreadyDecided(_("This was decided already."))
    return found


def _save_decision(found: Submission, state: Submission.State, who: str, note: str) -> Submission:
    found.state, found.decided_by, found.note, found.decided_at = state, who, note, now()
    found.network = ""
    found.save()
    return found


def _add_model(found: Submission) -> None:
    """A model of the catalogue without an endpoint, of which the proposal is the source."""
    said = found.said
    key = NamedModels().ids([said["model"]])[said["model"]]
    claims = {"organization": said["organization"], "license": said["license"]}
    claims |= {"open_weights": True} if said["weights"] else {}
    source = f"{COMMUNITY_SOURCE} {found.pk} {said['weights']}".strip()
    today = now().date()
    kept = [Claim(field, value, source, today) for field, value in claims.items() if value]
    record_claims({key: kept}, Fact.Origin.FILE)


def move_submissions(before: UUID, after: UUID) -> None:
    """What one voter has sent is another's: somebody has logged in."""
    Submission.objects.filter(voter=before).update(voter=after)


def withdraw_submissions(voter: UUID) -> None:
    """What waits is taken back; what was decided stays without its sender."""
    mine = Submission.objects.filter(voter=voter)
    mine.filter(state=Submission.State.PENDING).delete()
    mine.update(voter=None)


def list_earlier_submissions(submission: Submission) -> list[Submission]:
    """The same, sent before and decided, the newest first: for whoever decides now."""
    decided = Submission.objects.filter(digest=submission.digest).exclude(pk=submission.pk)
    return list(decided.exclude(state=Submission.State.PENDING).defer("payload"))
