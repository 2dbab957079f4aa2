"""Fills the live pool of a running service with votes, and prepares battles that are ready for a vote.

All votes refer to one draw table, in which all pairs are equally likely. The filter needs it to process the votes.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psutil
import psycopg

from tests.system.service import SERVICE_VARIABLES, Service

LANGUAGES = ("english", "chinese", "russian", "german", "spanish", "french", "japanese", "portuguese")
LANGUAGE_SHARES = (0.6, 0.1, 0.08, 0.06, 0.05, 0.04, 0.04, 0.03)
KINDS = {
    "coding": 0.25,
    "math": 0.1,
    "creative-writing": 0.1,
    "instruction-following": 0.2,
    "hard-prompts": 0.15,
    "longer-query": 0.1,
    "multi-turn": 0.15,
}
BATCH_SIZE = 50_000
FIRST_VOTE_AGE = timedelta(days=50)
RIGGED_PER_VOTER = 50
EVEN_DRAW = 1  # ID of the draw table
WINNERS = ("a", "b", "tie", "both_bad")
PROMPTS = (
    "Why is the sky blue, and why is it red in the evening?",
    "Write a Python function that merges two sorted lists, and explain how long it takes.",
    "Schreibe mir bitte ein kurzes Gedicht über den Herbst im Schwarzwald.",
    "Solve 3x + 7 = 22 and show each step.",
    "Summarize the plot of Hamlet in exactly three sentences, without naming any character, as a numbered list.",
    "¿Cuáles son las ventajas de una bicicleta eléctrica en la ciudad?",
)


class VotePool:
    """A pool of random votes. The models' strengths are normally distributed, and a quarter of the votes are ties."""

    def __init__(
        self, up: Service, models: int | Sequence[str], voters: int, kinds: Mapping[str, float] = KINDS
    ) -> None:
        """Set up Django for this service, and create the draw table.

        models: the number of models to create, or the slugs of existing models.
        kinds: the share of votes in each category.
        """
        self.kinds = kinds
        self.database = f"postgresql://arena@/arena?host={up.data}/run/postgres"
        self.rng = np.random.default_rng(1)
        self.voters = voters
        self.rigged_voter_count = 0
        self._set_up_django(up)
        self.keys = self._create_models(models) if isinstance(models, int) else self._find_models(models)
        self._create_draw_table()
        size = len(self.keys)
        self.propensity = 2 / (size * (size - 1))
        self.strength = self.rng.normal(0, 0.6, size)

    def _set_up_django(self, up: Service) -> None:
        """Set up Django with the settings of the service, which allows casting votes with the service's code."""
        env = psutil.Process(up.pid("worker", "ratings")).environ()
        os.environ |= {name: env[name] for name in SERVICE_VARIABLES} | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        import django

        django.setup()

    def _create_models(self, number: int) -> list[int]:
        from arena.models import get_or_create_plain
        from catalog.models import LanguageModel

        models = [LanguageModel(slug=f"bench-{n}", name=f"Bench {n}") for n in range(1, number + 1)]
        created = [model.pk for model in LanguageModel.objects.bulk_create(models)]
        plain = get_or_create_plain(created)
        return [plain[model].pk for model in created]

    def _find_models(self, slugs: Sequence[str]) -> list[int]:
        from arena.models import Contestant

        return [Contestant.objects.get(slug=slug).pk for slug in slugs]

    def _create_draw_table(self) -> None:
        from arena.models import LIVE_POOL, DrawTable

        keys = sorted(self.keys)
        DrawTable.objects.create(id=EVEN_DRAW, pool_id=LIVE_POOL, keys=keys, shares=[2 / len(keys)] * len(keys))

    def fill(self, number: int, rigged: float = 0.0) -> float:
        """Store `number` votes from the last 50 days, like an import, and return the seconds that this took.

        rigged: the share of rigged votes. They come from voters with 50 votes each, who only vote for the first model.
        """
        from arena.models import LIVE_POOL

        started = time.monotonic()
        columns = "pool_id, source, multiplicity, counted, reason, turns, reasons, comment, draw_table_id, propensity, "
        columns += "contestant_a_id, contestant_b_id, winner, voter, categories, features, created_at"
        fixed = (LIVE_POOL, "live", 1, True, "", 1, "{}", "", EVEN_DRAW, self.propensity)
        oldest, step = datetime.now(UTC) - FIRST_VOTE_AGE, FIRST_VOTE_AGE / number
        with psycopg.connect(self.database) as connection, connection.cursor() as cursor:
            for start in range(0, number, BATCH_SIZE):
                with cursor.copy(f"COPY arena_vote ({columns}) FROM STDIN") as copy:
                    for vote, drawn in enumerate(self._draw(min(BATCH_SIZE, number - start), rigged), start):
                        copy.write_row((*fixed, *drawn, oldest + vote * step))
        return time.monotonic() - started

    def _draw(self, number: int, rigged: float = 0.0) -> Iterator[tuple[int, int, str, UUID, list[str], list[float]]]:
        rng, size = self.rng, len(self.keys)
        a = rng.integers(0, size, number)
        b = (a + rng.integers(1, size, number)) % size
        voter = rng.integers(0, self.voters, number)
        features = np.round(np.exp(rng.normal(5, 0.8, (number, 8)) * np.array([1, 0.2, 0.3, 0.3] * 2))).astype(int)
        lead = self.strength[a] - self.strength[b] + 0.3 * np.sign(features[:, 0] - features[:, 4])
        chance = 1 / (1 + np.exp(-lead))
        ties = rng.random(number) < 0.25
        winner = np.where(ties, 2 + (rng.random(number) < 0.4), rng.random(number) > chance)
        rigged_votes = np.flatnonzero(rng.random(number) < rigged)
        a[rigged_votes] = 0
        b[rigged_votes] = rng.integers(1, size, len(rigged_votes))
        winner[rigged_votes] = 0
        voter[rigged_votes] = self.voters + self.rigged_voter_count + np.arange(len(rigged_votes)) // RIGGED_PER_VOTER
        self.rigged_voter_count += -(-len(rigged_votes) // RIGGED_PER_VOTER)
        language = rng.choice(len(LANGUAGES), number, p=LANGUAGE_SHARES)
        kinds = rng.random((number, len(self.kinds))) < np.array([*self.kinds.values()])
        names = np.array([*self.kinds])
        for n in range(number):
            categories = [LANGUAGES[language[n]], *names[kinds[n]].tolist()]
            pair = self.keys[a[n]], self.keys[b[n]]
            yield *pair, WINNERS[winner[n]], UUID(int=int(voter[n]) + 1), categories, features[n].tolist()

    def prepare_battles(self, number: int) -> None:
        """Create battles that are ready for a vote."""
        from arena.models import LIVE_POOL, Answer, Battle, Turn, Voter

        drawn_votes = [*self._draw(number)]
        voters = {vote[3]: Voter(id=vote[3]) for vote in drawn_votes}
        Voter.objects.bulk_create(voters.values(), ignore_conflicts=True)
        battles = [
            Battle(
                pool_id=LIVE_POOL,
                voter_id=voter,
                contestant_a_id=a,
                contestant_b_id=b,
                propensity=self.propensity,
                draw_table_id=EVEN_DRAW,
                state=Battle.State.READY,
            )
            for a, b, _, voter, _, _ in drawn_votes
        ]
        Battle.objects.bulk_create(battles)
        turns = [
            Turn(battle=battle, number=1, prompt=PROMPTS[number % len(PROMPTS)])
            for number, battle in enumerate(battles)
        ]
        Turn.objects.bulk_create(turns)
        Answer.objects.bulk_create(
            Answer(
                turn=turn,
                side=side,
                contestant_id=key,
                state=Answer.State.FINISHED,
                text="word " * int(vote[5][at]),
            )
            for turn, vote in zip(turns, drawn_votes, strict=True)
            for side, key, at in (("a", vote[0], 0), ("b", vote[1], 4))
        )
        self.ready = [*zip(battles, (vote[2] for vote in drawn_votes), strict=True)]
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("ANALYZE")  # if a pool grows slowly, autovacuum does this

    def cast_vote(self) -> set[str]:
        """Cast one vote with the service's code, and return the categories of the boards that count it."""
        from arena.battles import lifecycle

        battle, winner = self.ready.pop()
        vote: Any = lifecycle.cast_vote(battle, winner)
        decided = {"exclude-ties"} if winner in "ab" else set()
        return {"overall", *decided, *vote.categories}

    def count_by_board(self) -> dict[str, int]:
        """Return the number of counted votes per board."""
        from arena.models import LIVE_POOL

        totals: Counter[str] = Counter()
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT name, count(*) FROM arena_vote, unnest(categories || 'overall'::varchar "
                "|| CASE WHEN winner IN ('a', 'b') THEN 'exclude-ties'::varchar END) AS name "
                "WHERE counted AND pool_id = %s AND name IS NOT NULL GROUP BY 1",
                [LIVE_POOL],
            )
            totals.update(dict(rows.fetchall()))
        return totals

    def count_pending(self) -> int:
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT count(*) FROM ratings_outbox").fetchone()
        return int(row[0]) if row else 0
