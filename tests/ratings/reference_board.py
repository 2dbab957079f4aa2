"""A small reference board from a file for tests."""

import lzma

from ratings.interchange import seed_pools

SLUG = seed_pools.REFERENCE_POOL
HEADER = "category,model_key,arena_name,rating,low,high,votes,rank"
LINES = (
    "overall,openai / gpt-4o,GPT-4o (2024-05-13),1285.3,1282.1,1288.5,117747,17",
    "overall,anthropic / claude-opus-4.6,Claude Opus 4.6 (High),1502.6,1499.3,1505.9,82619,5",
    "overall,mistral / mistral-medium,Mistral Medium,1223.0,1218.0,1228.0,34000,40",
    "overall,google / gemma-3-4b-it,Gemma 3 4B IT,1225.0,1215.0,1235.0,4321,39",
    "creative_writing,openai / gpt-4o,GPT-4o (2024-08-06),1270.0,1260.0,1280.0,9000,20",
    "creative_writing,anthropic / claude-opus-4.6,claude-opus-4-6-high,1480.0,1470.0,1490.0,90,3",
)


def packed(tmp_path, *lines):
    path = tmp_path / "ratings.csv.xz"
    path.write_bytes(lzma.compress("\n".join((HEADER, *(lines or LINES), "")).encode()))
    return path


def loaded(tmp_path, *lines):
    """Load the file under the slug of the shipped reference board."""
    assert seed_pools.seed_reference_pool(packed(tmp_path, *lines))
