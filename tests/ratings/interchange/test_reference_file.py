"""The file of published ratings, and the rows of boards from it."""

import pytest

from ratings.interchange import reference_file
from ratings.interchange.reference_file import ReferenceRating
from tests.ratings.reference_board import packed


def rated(key="maker / model", name="Model", rating=1200.0, low=1190.0, high=1210.0, votes=1000):
    return ReferenceRating("overall", key, name, rating, low, high, votes)


@pytest.mark.parametrize(
    ("key", "name", "model", "moved"),
    [
        ("openai / gpt-4o", "GPT-4o (2024-05-13)", "gpt-4o-2024-05-13", False),
        ("openai / gpt-4", "GPT-4 (0613)", "gpt-4-0613", False),
        ("openai / gpt-5", "GPT-5 (High)", "gpt-5", False),
        ("openai / gpt-5.5", "GPT-5.5 (xHigh, Codex Harness)", "gpt-5.5", False),
        ("anthropic / claude-3.5-sonnet", "Claude 3.5 Sonnet (20241022)", "claude-3-5-sonnet-20241022", False),
        ("anthropic / claude-opus-4", "Claude Opus 4 (Thinking 16K, 20250514)", "claude-opus-4-20250514", False),
        ("anthropic / claude-opus-4.5", "claude-opus-4-5-20251101", "claude-opus-4-5-20251101", False),
        ("deepseek / deepseek-v4.1-flash", "DeepSeek-V4.1-Flash-20260910 (Max)", "deepseek-v4.1-flash-20260910", False),
        ("google / gemini-1.5-pro", "Gemini 1.5 Pro (002)", "gemini-1.5-pro-002", False),
        ("cohere / command-r", "Command R", "command-r", False),
        ("cohere / command-r", "Command R (08-2024)", "command-r-08-2024", False),
        ("microsoft / phi-3-mini", "Phi-3 Mini (June 2024)", "phi-3-mini-june-2024", False),
        (
            "xai / grok-4.20-beta-0309-reasoning",
            "grok-4.20-beta-0309-reasoning",
            "grok-4.20-beta-0309-reasoning",
            False,
        ),
        ("mistral / mistral-large", "Mistral Large (2411)", "mistral-large-2411", False),
        ("deepseek / deepseek-v4-flash", "DeepSeek-V4-Flash Preview (High)", "deepseek-v4-flash-preview", False),
        ("xai / grok-3", "Grok 3 Preview (02-24)", "grok-3-02-24", False),
        ("openai / o1-preview", "o1-preview", "o1-preview", False),
        ("alibaba / qwen3-235b", "Qwen3-235B-Thinking (2507)", "qwen3-235b-thinking-2507", False),
        ("alibaba / qwen3-235b", "Qwen3-235B (Non-Thinking)", "qwen3-235b", False),
        ("moonshot / kimi-k2.5", "kimi-k2.5-thinking", "kimi-k2.5", False),
        ("mistral / mistral-medium", "Mistral Medium", "mistral-medium", False),
        ("google / gemini-pro", "Gemini Pro (Dev API)", "gemini-pro-dev-api", False),
        ("mistral / mistral-small", "Mistral Small", "mistral-small", True),
        ("openai / chatgpt-4o-latest", "ChatGPT-4o Latest", "chatgpt-4o-latest", True),
    ],
)
def test_model_is_the_key_with_the_date_of_the_name(key, name, model, moved):
    each = rated(key, name)
    assert (each.model, each.is_rolling) == (model, moved)


@pytest.mark.parametrize(
    ("name", "model_name", "setting"),
    [
        ("GPT-5.5 (xHigh, Codex Harness)", "GPT-5.5", "xHigh, Codex Harness"),
        ("Claude Opus 4.5 (High, 32K, 20251101)", "Claude Opus 4.5 (20251101)", "High, 32K"),
        ("gpt-5.6-sol-xhigh", "gpt-5.6-sol-xhigh", "xhigh"),
        ("Command R (08-2024)", "Command R (08-2024)", ""),
    ],
)
def test_setting_is_no_part_of_the_models_name(name, model_name, setting):
    each = rated(name=name)
    assert (each.model_name, each.setting) == (model_name, setting)


def test_file_is_read_in_its_order_with_our_categories(tmp_path):
    ratings = reference_file.read_ratings(packed(tmp_path))
    assert [each.category for each in ratings] == ["overall"] * 4 + ["creative-writing"] * 2
    first = ReferenceRating("overall", "openai / gpt-4o", "GPT-4o (2024-05-13)", 1285.3, 1282.1, 1288.5, 117747)
    assert ratings[0] == first


@pytest.mark.parametrize(
    "line", ["overall,a / b,B,high,1,2,3,4", "overall,a / b,B,1,2,3,many,4", "overall,a/b,B,1,1,2,3,4"]
)
def test_file_with_other_numbers_or_keys_is_refused(tmp_path, line):
    with pytest.raises(ValueError):
        reference_file.read_ratings(packed(tmp_path, line))


def test_ranks_are_counted_by_ratings_and_by_intervals():
    ratings = [
        rated(name="best", rating=1300, low=1290, high=1310),
        rated(name="even", rating=1295, low=1280, high=1309),
        rated(name="also even", rating=1295, low=1200, high=1289),
        rated(name="last", rating=1100, low=1090, high=1110),
    ]
    rows = reference_file.build_reference_rows([(each, {"model": each.name}) for each in reversed(ratings)])
    assert [(row["model"], row["rank"], row["rank_ub"]) for row in rows] == [
        ("best", 1, 1), ("also even", 2, 2), ("even", 2, 1), ("last", 4, 4),
    ]  # fmt: skip


def test_row_says_what_was_published_and_nothing_else():
    [row] = reference_file.build_reference_rows([(rated(name="Model (High)"), {"model": "model", "name": "Model"})])
    assert (row["name"], row["setting"], row["rating"], row["ci_low"], row["ci_high"], row["votes"]) == (
        "Model", "High", 1200.0, 1190.0, 1210.0, 1000,
    )  # fmt: skip
    assert row["interval"] == "published"
    unknown = {
        "rank_low", "rank_high", "tier", "se", "weight", "voters", "wins", "losses", "ties", "both_bad", "win_rate",
    }  # fmt: skip
    assert {name for name, value in row.items() if value is None} == unknown


@pytest.mark.parametrize(
    ("fields", "provisional"),
    [({}, False), ({"votes": 99}, True), ({"votes": 100}, False), ({"low": 1150, "high": 1251}, True)],
)
def test_row_is_provisional_by_the_rule_of_our_own_boards(fields, provisional):
    [row] = reference_file.build_reference_rows([(rated(**fields), {"model": "model"})])
    assert row["provisional"] is provisional
