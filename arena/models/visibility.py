"""What may be seen of a battle, by whom and when.

Pages, calls, files, events, and judging all ask here, so that no view decides for itself.
"""

from typing import NamedTuple, Self

from django.db.models import Q

from arena.models.answers import Answer
from arena.models.battles import Battle

# The battles whose models their voter knows: `Visibility.of_voter(…).names` as a condition of a query.
NAMES_KNOWN = Q(state=Battle.State.VOTED) | Q(mode=Battle.Mode.SIDE_BY_SIDE)


class Visibility(NamedTuple):
    """What one reader may see of one battle.

    names: the models, and all facts about them
    reasoning: the text that a model wrote before its answer, which shows that the model reasons
    failures: why a side failed, which can depend on the model
    ratings: the ratings, the prediction, and the measurements of the answers
    """

    names: bool
    reasoning: bool
    failures: bool
    ratings: bool

    @classmethod
    def of_voter(cls, mode: str, state: str) -> Self:
        """Return what the voter may see. In a side-by-side battle, the voter chose the models, so they are known."""
        is_voted = state == Battle.State.VOTED
        is_known = is_voted or mode == Battle.Mode.SIDE_BY_SIDE
        return cls(names=is_known, reasoning=is_known, failures=is_known, ratings=is_voted)

    @classmethod
    def of_reader(cls, *, hides_names: bool, has_judged: bool) -> Self:
        """Return what the reader of a published battle or of a shipped pair may see: only what was said, and by whom.

        has_judged: whether this reader has judged the pair, or is its voter
        """
        is_known = has_judged or not hides_names
        return cls(names=is_known, reasoning=False, failures=False, ratings=is_known)

    def tell_failure(self, failure: str) -> str:
        """Return the reason of a failure that may be told. It is `unavailable` while the models are hidden."""
        return Answer.Failure(failure).public_reason if self.failures else Answer.Failure.UNAVAILABLE.value
