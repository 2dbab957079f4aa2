"""REST API for ready pairs: finished answers to judge without starting a battle."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.openapi import BATTLES_TAG
from arena.api.serializers import JudgmentSchema, ReadyPairSchema
from arena.battles import feedback
from arena.battles.requests import NewJudgmentSchema
from arena.identity.voters import get_voter_id
from arena.ready import judgments, pairs
from core.http.errors import RequestError
from core.http.openapi import WRITE_ERRORS, describe_call


class NextPairView(APIView):
    @describe_call("ready_next", tag=BATTLES_TAG, response=ReadyPairSchema, errors=(401, 403, 404, 429))
    def get(self, request: Request) -> Response:
        """Get a ready pair.

        Returns a question and two answers that you have not judged yet. The models are not named. The pair is a random
        published battle, or one that ships with Arena. Returns 404 `no_pairs` if you have judged all pairs.
        """
        pair = pairs.draw_pair(get_voter_id(request))
        if pair is None:
            raise RequestError("no_pairs", "You have judged all ready pairs.", 404)
        content = pairs.get_pair(pair.id).content
        [turn] = content.turns
        return Response(ReadyPairSchema({"id": content.id, "prompt": turn.prompt, "answers": turn.texts}).data)


class ReadyVoteView(APIView):
    @describe_call(
        "ready_vote",
        tag=BATTLES_TAG,
        request=NewJudgmentSchema,
        response=JudgmentSchema,
        status=201,
        errors=WRITE_ERRORS,
    )
    def post(self, request: Request, pair_id: UUID) -> Response:
        """Judge two finished answers.

        Stores your vote on a ready pair and returns the models. The vote counts only in the pool `ready`, even with an
        API key. You have one vote per pair: a second one returns 409 `already_voted` with the stored vote. 409
        `own_battle` means that you published the battle. A vote on a published battle that is not listed is stored but
        not counted.
        """
        pair = pairs.get_pair(pair_id)
        vote = judgments.submit_judgment(request, pair, NewJudgmentSchema.parse(request))
        judgment = {
            "id": pair.id,
            "models": pair.content.contestants,
            "vote": feedback.build_vote_data(vote),
            "counts": judgments.count_judgments(vote),
        }
        return Response(JudgmentSchema(judgment).data, status=201)
