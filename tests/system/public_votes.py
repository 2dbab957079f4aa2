"""Loads a pool of imported votes and facts about its models."""

import json
from pathlib import Path
from random import Random

from tests.system.service import Service

POOL = "birds"
# Maps each name to its strength, number of battles, open weights, and size in billions of parameters.
BIRDS = {
    "Albatross": (2.2, 400, False, None),
    "Buzzard 70B": (1.8, 400, True, 70),
    "Crane 9B": (1.3, 60, True, 9),
    "Dipper 8B": (0.9, 400, True, 8),
    "Egret 3B": (0.2, 400, True, 3),
    "Finch": (0.0, 400, None, None),
}


def load(service: Service, folder: Path) -> None:
    """Import the same votes each time. Half of them are on coding questions."""
    random, file = Random(7), folder / "birds.jsonl"
    with file.open("w") as lines:
        for name, (strength, battles, *_) in BIRDS.items():
            for number in range(battles):
                other = random.choice([each for each in BIRDS if each != name and BIRDS[each][1] >= battles])
                wins = random.random() < 1 / (1 + 10 ** ((BIRDS[other][0] - strength) / 2))
                vote = {"model_a": name, "model_b": other, "winner": "model_a" if wins else "model_b"}
                lines.write(json.dumps(vote | {"is_code": number % 2 == 0}) + "\n")
    for name, (_, _, weights, size) in BIRDS.items():
        _facts(service, name, weights, size)
    service.manage("import_votes", str(file), "--pool", POOL, "--name", "Birds")


def _facts(service: Service, name: str, weights: bool | None, size: int | None) -> None:
    service.query(
        "INSERT INTO catalog_languagemodel (slug, name, kind, status, fine_tuning, modalities, open_weights,"
        " parameters_total, requests_per_minute, tokens_per_minute, successor)"
        " VALUES (%s, %s, '', 'current', '', '[]', %s, %s::bigint * 1000000000, '', '', '') RETURNING id",
        *(name.lower().replace(" ", "-"), name, weights, size),
    )
