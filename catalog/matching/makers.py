"""Finds a model's maker from the words in its name or from its provider. This module does not use Django."""

import re
from collections.abc import Sequence

# Maps the first word of a model's name to the maker. These makers do not publish the weights of these models, so nobody
# else uses the names.
CLOSED_FAMILIES = {
    "bard": "Google", "chatgpt": "OpenAI", "claude": "Anthropic", "doubao": "ByteDance", "ernie": "Baidu",
    "gemini": "Google", "grok": "xAI", "muse": "Meta",
}  # fmt: skip
# Anyone can publish a fine-tuned copy of these models under a longer name, so all words of a name must be known.
OPEN_FAMILIES = {
    "alpaca": "Stanford", "aya": "Cohere", "athene": "Nexusflow", "beam": "Reflection AI", "chatglm": "Zhipu AI",
    "codellama": "Meta", "codestral": "Mistral", "command": "Cohere", "dbrx": "Databricks", "deepseek": "DeepSeek",
    "devstral": "Mistral", "exaone": "LG AI Research", "falcon": "TII", "gemma": "Google", "glm": "Zhipu AI",
    "granite": "IBM", "hunyuan": "Tencent", "hy": "Tencent", "inkling": "Thinking Machines Lab",
    "internlm": "Shanghai AI Laboratory", "jamba": "AI21 Labs", "kimi": "Moonshot AI", "ling": "Ant Group",
    "llama": "Meta", "longcat": "Meituan", "magistral": "Mistral", "mercury": "Inception", "mimo": "Xiaomi",
    "minimax": "MiniMax", "ministral": "Mistral", "mistral": "Mistral", "mixtral": "Mistral",
    "moonshot": "Moonshot AI", "nemotron": "NVIDIA", "nova": "Amazon", "olmo": "AllenAI", "openchat": "OpenChat",
    "openhermes": "Nous Research", "palm": "Google", "phi": "Microsoft", "pixtral": "Mistral", "qvq": "Alibaba",
    "qwen": "Alibaba", "qwq": "Alibaba", "reka": "Reka AI", "ring": "Ant Group", "smollm": "Hugging Face",
    "solar": "Upstage", "step": "StepFun", "trinity": "Arcee AI", "tulu": "AllenAI", "vicuna": "LMSYS",
    "voxtral": "Mistral", "wizardlm": "Microsoft", "yi": "01.AI", "zephyr": "Hugging Face",
}  # fmt: skip
FAMILIES = CLOSED_FAMILIES | OPEN_FAMILIES
# Words that makers use in the names of their own open models.
OPEN_WORDS = frozenset({
    "a", "agent", "air", "alpha", "base", "beta", "chat", "code", "coder", "core", "distill", "dpo", "exp", "fast",
    "flash", "flashx", "h", "highspeed", "instruct", "it", "large", "lightning", "lite", "llama", "maverick", "max",
    "medium", "micro", "mini", "moe", "multi", "multimodal", "nano", "nemo", "next", "omni", "open", "plus", "premier",
    "preview", "pro", "prover", "qwen", "r", "reasoning", "scout", "small", "speciale", "super", "terminus", "think",
    "thinking", "tiny", "turbo", "ultra", "vision", "vl",
})  # fmt: skip
OPEN_WORD_PATTERN = re.compile(r"[a-z]?\d+(\.\d+)*[a-z]?|v\d.*|\d+x\d+b|a\d+(\.\d+)?b|e\d+b|\d+k")
SIZE_PATTERN = re.compile(r"\d+(\.\d+)?b")
O_SERIES_PATTERN = re.compile(r"o\d")
NVIDIA_WORDS = frozenset({"nemotron", "steerlm"})  # NVIDIA's fine-tuned versions of Llama

# Maps a provider, or an organization on a model hub, to the maker whose models it publishes. Hosts with the models of
# several makers are not listed.
PROVIDER_MAKERS = {
    "01-ai": "01.AI", "ai21": "AI21 Labs", "ai21labs": "AI21 Labs", "ai2": "AllenAI", "alibaba": "Alibaba",
    "allenai": "AllenAI", "amazon": "Amazon", "amazon-nova": "Amazon", "anthropic": "Anthropic",
    "arcee-ai": "Arcee AI", "baidu": "Baidu", "bytedance": "ByteDance", "cohere": "Cohere", "cohere_chat": "Cohere",
    "coherelabs": "Cohere", "cohereforai": "Cohere", "deepseek": "DeepSeek", "deepseek-ai": "DeepSeek",
    "gemini": "Google", "google": "Google", "huggingfacetb": "Hugging Face", "ibm": "IBM", "ibm-granite": "IBM",
    "inception": "Inception", "internlm": "Shanghai AI Laboratory", "llama": "Meta", "meituan": "Meituan",
    "meta": "Meta", "meta-llama": "Meta", "meta_llama": "Meta", "microsoft": "Microsoft", "minimax": "MiniMax",
    "minimaxai": "MiniMax", "mistral": "Mistral", "mistralai": "Mistral", "moonshot": "Moonshot AI",
    "moonshotai": "Moonshot AI", "nous": "Nous Research", "nousresearch": "Nous Research", "nvidia": "NVIDIA",
    "openai": "OpenAI", "qwen": "Alibaba", "reflection": "Reflection AI", "reka": "Reka AI", "rekaai": "Reka AI",
    "stepfun": "StepFun", "tencent": "Tencent", "thinkingmachines": "Thinking Machines Lab", "tiiuae": "TII",
    "upstage": "Upstage", "x-ai": "xAI", "xai": "xAI", "xiaomi": "Xiaomi", "xiaomi_mimo": "Xiaomi", "z-ai": "Zhipu AI",
    "zai": "Zhipu AI", "zai-org": "Zhipu AI", "zhipu": "Zhipu AI", "zhipuai": "Zhipu AI",
}  # fmt: skip
# Words that hosts put before a model's name.
REGIONS = frozenset({"apac", "au", "eu", "global", "jp", "regional", "us"})
HOST_PREFIXES = REGIONS | {"c4ai", "databricks"}


def find_family_maker(words: Sequence[str]) -> str | None:
    """Return the maker according to the words of a name, or None. `words` must be lowercase and in order."""
    if not words:
        return None
    first, rest = words[0], words[1:]
    if _is_openai_family(words):
        return None if _has_foreign_words(rest, "OpenAI") else "OpenAI"
    if first in CLOSED_FAMILIES:
        maker = CLOSED_FAMILIES[first]
        return None if _has_foreign_words(rest, maker) else maker
    if first == "llama" and NVIDIA_WORDS & set(rest):
        return "NVIDIA"
    if first in OPEN_FAMILIES and all(_is_open_word(word) for word in rest):
        return OPEN_FAMILIES[first]
    return None


def find_provider_maker(provider: str) -> str | None:
    """Return the maker whose models a provider publishes, or None for unknown providers and for hosts."""
    return PROVIDER_MAKERS.get(provider.lower())


def drop_vendor_words(words: Sequence[str]) -> list[str]:
    """Remove leading words that only repeat the vendor, as in `nvidia nemotron 3` or `databricks claude opus 4.6`."""
    remaining = list(words)
    while len(remaining) > 1 and _repeats_vendor(remaining[0], remaining[1:]):
        del remaining[0]
    return remaining


def _repeats_vendor(word: str, rest: Sequence[str]) -> bool:
    family = FAMILIES.get(rest[0]) or ("OpenAI" if _is_openai_family(rest) else None)
    if family is None:
        return word in REGIONS and rest[0] in PROVIDER_MAKERS
    return word in HOST_PREFIXES or PROVIDER_MAKERS.get(word) == family


def _is_openai_family(words: Sequence[str]) -> bool:
    if words[0] == "gpt":
        return len(words) > 1 and (words[1] == "oss" or words[1][:1].isdigit())
    return O_SERIES_PATTERN.fullmatch(words[0]) is not None


def _has_foreign_words(words: Sequence[str], maker: str) -> bool:
    """Return True if the name contains another maker's family, a size, or "x", like the names of fine-tuned copies."""
    is_open = "oss" in words or "flash" in words  # gpt-oss-120b, gemini-1.5-flash-8b
    return any(
        FAMILIES.get(word, maker) != maker or (not is_open and SIZE_PATTERN.fullmatch(word)) or word == "x"
        for word in words
    )


def _is_open_word(word: str) -> bool:
    return word in OPEN_WORDS or OPEN_WORD_PATTERN.fullmatch(word) is not None
