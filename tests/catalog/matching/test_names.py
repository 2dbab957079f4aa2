"""Parts of model names."""

import pytest

from catalog.matching.names import parse_model_name, split_setting

B = 10**9


@pytest.mark.parametrize(
    ("name", "provider", "maker"),
    [
        ("Claude Opus 4.6 (High)", "", "Anthropic"),
        ("claude-saga-7", "", "Anthropic"),
        ("o4-mini", "", "OpenAI"),
        ("gpt-oss-120b", "", "OpenAI"),
        ("Inkling", "databricks", "Thinking Machines Lab"),
        ("Reka Core (20240904)", "snowflake", "Reka AI"),
        ("Llama 3.1 Nemotron Ultra 253B v1", "meta", "NVIDIA"),
        ("llama2-70b-steerlm-chat", "", "NVIDIA"),
        ("Llama-3.3-70B-Instruct", "groq", "Meta"),
        ("mistral/zai-glm-5-3", "mistral", "Zhipu AI"),
        ("Aurora", "xai", "xAI"),
        ("CohereLabs/north-small", "", "Cohere"),
        ("gpt4all-13b-snoozy", "", None),
        ("gpt-j-6b", "", None),
        ("claude2-alpaca-13b", "", None),
        ("gpt4-x-vicuna-13b", "", None),
        ("Llama-3-8B-Lexi-Uncensored", "", None),
        ("someone/qwen2.5-7b-instruct-abliterated", "", None),
        ("Nova Wonder Mix 7B", "", None),
        ("ELIZA", "", None),
        ("", "", None),
    ],
)
def test_maker_is_the_one_that_the_name_states(name, provider, maker):
    assert parse_model_name(name, provider).maker == maker


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [
        ("granite-4.2-8b", 8 * B, None),
        ("Qwen3.5-397B-A17B", 397 * B, 17 * B),
        ("SmolLM2-135M-Instruct", 135 * 10**6, None),
        ("qwen3-0.6b", 6 * B // 10, None),
        ("Ling-1T", 1000 * B, None),
        ("Llama 4 Maverick 17B 128E Instruct", None, 17 * B),
        ("Mixtral 8x7B Instruct v0.1", None, None),
        ("Gemma 3n E4B IT", None, None),
        ("Qwen2.5-7B-Instruct-1M", 7 * B, None),
        ("Phi-3 Mini 128K Instruct", None, None),
        ("llama-8b-draft-1b", None, None),
        ("k2-4bit", None, None),
        ("model-0b", None, None),
        ("model-" + "9" * 20 + "b", None, None),
    ],
)
def test_sizes_are_those_that_the_name_states(name, total, active):
    parsed = parse_model_name(name)
    assert (parsed.parameters_total, parsed.parameters_active) == (total, active)


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("gpt-4.1-2025-04-14", "2025-04-14"),
        ("Claude 3.5 Sonnet (20241022)", "2024-10-22"),
        ("kimi-k2-0905-preview", "????-09-05"),
        ("Grok 3 Preview (02-24)", "????-02-24"),
        ("Mistral Large (2411)", "2024-11-??"),
        ("Command R (08-2024)", "2024-08-??"),
        ("Phi-3 Mini (June 2024)", "2024-06-??"),
        ("doubao-seed-2-0-pro-260215", "2026-02-15"),
        ("jamba-1.5-large@001", "001"),
        ("claude-opus-4-6", ""),
        ("Qwen3-VL-8B-8192", ""),
        ("phi-3-medium-1332", ""),
    ],
)
def test_date_is_read_in_all_spellings(name, date):
    assert parse_model_name(name).date == date


@pytest.mark.parametrize(
    "names",
    [
        ("Claude Opus 4.6 (High)", "claude-opus-4-6", "anthropic.claude-opus-4-6-v1", "Claude 4.6 Opus (Max)"),
        ("Llama 3.3 70B Instruct", "meta.llama3-3-70b-instruct-v1:0", "Llama-3.3-70B-Instruct-FP8"),
        ("DeepSeek-V4.1-Flash", "deepseek-v4p1-flash", "deepseek_v4_1_flash"),
        ("Qwen2.5-VL-72B-Instruct", "qwen2-5-vl-72b-instruct"),
        ("Grok 4.1 Fast (Non-Reasoning)", "xai/grok-4-1-fast-non-reasoning"),
        ("Claude Opus 4.1 (Thinking 16K)", "claude-opus-4-1-thinking-16k"),
    ],
)
def test_spellings_of_one_model_have_the_same_words(names):
    assert len({parse_model_name(name).words for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mistral-medium-3", "mistral-3"),
        ("gpt-5.1-codex-max", "gpt-5.1-codex"),
        ("qwen3.8-max", "qwen3.8"),
        ("kimi-k2-thinking", "kimi-k2"),
        ("phi-4-reasoning", "phi-4"),
        ("mistral.mistral-7b-instruct-v0:2", "mistral-7b-instruct"),
        ("GPT-3.5 Turbo (16K)", "GPT-3.5 Turbo"),
        ("grok-4.20-beta", "grok-4.20"),
    ],
)
def test_words_of_other_models_differ(one, other):
    assert parse_model_name(one).words != parse_model_name(other).words


def test_preview_and_rolling_names_are_marked():
    assert parse_model_name("Hy3 preview").is_preview
    assert not parse_model_name("Hy3").is_preview
    assert parse_model_name("gpt-5.2-chat-latest").is_rolling
    assert not parse_model_name("ChatGPT-4o Latest (20250326)").is_rolling


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Claude Opus 4.5 (High, 32K, 20251101)", ("Claude Opus 4.5 (20251101)", "High, 32K")),
        ("Llama 3.1 405B Instruct (FP8)", ("Llama 3.1 405B Instruct", "FP8")),
        ("GPT-5.3-Codex (Codex Harness)", ("GPT-5.3-Codex", "Codex Harness")),
        ("Qwen3-Max (2025-09-23)", ("Qwen3-Max (2025-09-23)", "")),
        ("Inkling", ("Inkling", "")),
    ],
)
def test_setting_is_split_from_the_name(name, parts):
    assert split_setting(name) == parts
