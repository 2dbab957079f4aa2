"""The certificate of a board's order: how many voters would have to be removed to change it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ratings.boards import snapshots
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.snapshots import BRADLEY_TERRY, BoardKey
from ratings.models import BoardCertificate

UNDEFINED = {"at_least": None, "at_most": None, "of": None}


def load_certificate(board_key: BoardKey) -> dict[str, Any]:
    """Return a board's certificate in the API's format.

    Without a certificate, such as under style control or before the board has votes that are older than a day, all
    numbers are None.

    Raises RequestError as `snapshots.load_newest_board` does.
    """
    board = snapshots.load_newest_board(board_key)
    certificate = find_certificate(board_key)
    fields = snapshots.build_key_fields(board_key)
    if certificate is None:
        return fields | {"computed_at": None, **_build_undefined(board["rows"])}
    return fields | {"computed_at": certificate.computed_at, "pairs": certificate.pairs, "first": certificate.first}


def find_certificate(board_key: BoardKey) -> BoardCertificate | None:
    """Return a board's stored certificate, or None. Only the newest plain Bradley-Terry boards have one."""
    if board_key.style_control or board_key.method != BRADLEY_TERRY or board_key.at:
        return None
    return BoardCertificate.objects.filter(board=snapshots.select_board_id(board_key)).first()


def _build_undefined(rows: Sequence[BoardRow]) -> dict[str, Any]:
    models = [row["model"] for row in rows if has_rank(row)]
    pairs = [{"above": above, "below": below, **UNDEFINED} for above, below in pairwise(models)]
    return {"pairs": pairs, "first": {"model": models[0], **UNDEFINED} if models else None}


def describe_first_place(first: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    """Return a sentence with the number of voters that the first place depends on, or "" if the number is unknown.

    first: as in the certificate.
    names: slug → name of the models on the board.
    """
    if not first or not first["at_most"] or first["model"] not in names:
        return ""
    sentence = _("To put another model ahead of %(model)s, %(voters)s would have to be removed.")
    return sentence % {"model": names[first["model"]], "voters": _format_voters(first)}


def describe_pairs(pairs: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Return a sentence for each pair of neighbors whose order depends on a known number of voters, keyed by slugs."""
    sentence = _("To change their order, %(voters)s would have to be removed.")
    return {
        (pair["above"], pair["below"]): sentence % {"voters": _format_voters(pair)} for pair in pairs if pair["at_most"]
    }


def _format_voters(removal: Mapping[str, Any]) -> str:
    least, most, voters = (f"{removal[name]:,}" for name in ("at_least", "at_most", "of"))
    if least == most:
        return ngettext("%(n)s of %(voters)s voter", "%(n)s of %(voters)s voters", removal["of"]) % {
            "n": most,
            "voters": voters,
        }
    return _("between %(least)s and %(most)s of %(voters)s voters") % {"least": least, "most": most, "voters": voters}
