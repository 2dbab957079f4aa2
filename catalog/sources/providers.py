"""The names of providers in the packages that list models (see `registry`), and makers that sell their own models."""

# Maps the name of a provider in Arena to its names in the packages. Other providers in the packages are resellers or
# subscription plans, whose limits and prices differ from the maker's.
PROVIDERS: dict[str, tuple[str, ...]] = {
    "ai21": ("ai21",),
    "alibaba": ("alibaba", "dashscope", "qwencloud"),
    "amazon": ("amazon", "amazon-bedrock", "amazon_nova", "bedrock", "bedrock_converse", "nova"),
    "anthropic": ("anthropic",),
    "cohere": ("cohere", "cohere_chat"),
    "deepseek": ("deepseek",),
    "google": ("google", "gemini"),
    "inception": ("inception",),
    "meta": ("meta", "llama", "meta_llama"),
    "minimax": ("minimax",),
    "mistral": ("mistral",),
    "moonshotai": ("moonshotai", "moonshot"),
    "openai": ("openai",),
    "perplexity": ("perplexity",),
    "stepfun": ("stepfun-ai",),
    "tencent": ("tencent", "tencent-tokenhub"),
    "upstage": ("upstage",),
    "xai": ("xai", "x-ai"),
    "xiaomi": ("xiaomi", "xiaomi_mimo"),
    "zai": ("zai",),
    # Hosts of open models.
    "deepinfra": ("deepinfra",),
    "together": ("together", "together_ai", "togetherai"),
    "fireworks": ("fireworks", "fireworks_ai", "fireworks-ai"),
    "groq": ("groq",),
    "novita": ("novita", "novita-ai"),
    "nebius": ("nebius",),
    "cerebras": ("cerebras",),
    "baseten": ("baseten",),
    "nvidia": ("nvidia", "nvidia_nim"),
}
# Providers that bill in yuan. Packages list their prices in yuan, or convert them at various rates.
YUAN = "a provider that bills in yuan"
YUAN_PROVIDERS = (
    "alibaba-cn", "bigmodel", "minimax-cn", "moonshotai-cn", "siliconflow-cn", "stepfun", "volcengine", "zhipuai",
)  # fmt: skip
# Hosts of open models, sorted by the number of packages that list them. The first host that lists a model is used.
HOSTS = ("deepinfra", "together", "fireworks", "groq", "novita", "nebius", "cerebras", "baseten")
# Maps a provider that sells its own models to the name of the organization in the catalog.
MAKERS = {
    "ai21": "AI21 Labs", "alibaba": "Alibaba", "amazon": "Amazon", "anthropic": "Anthropic", "cohere": "Cohere",
    "deepseek": "DeepSeek", "google": "Google", "inception": "Inception", "meta": "Meta", "minimax": "MiniMax",
    "mistral": "Mistral", "moonshotai": "Moonshot AI", "nvidia": "NVIDIA", "openai": "OpenAI",
    "perplexity": "Perplexity", "stepfun": "StepFun", "tencent": "Tencent", "upstage": "Upstage", "xai": "xAI",
    "xiaomi": "Xiaomi", "zai": "Zhipu AI",
}  # fmt: skip
# Providers that also sell other makers' models under plain names. The names of their own models have these prefixes.
OWN_NAMES = {
    "alibaba": ("qwen", "qwq", "qvq", "tongyi"),
    "amazon": ("amazon", "nova"),
    "tencent": ("hy", "hunyuan"),
    "nvidia": ("nvidia", "nemotron", "llama-3", "nv"),
}
# Names under which a maker now serves a different model. The packages describe the new model under the old name.
REASSIGNED_NAMES = {"deepseek": ("deepseek-v4-flash",)}  # DeepSeek-V4.1-Flash, since September 10, 2026
_BY_PACKAGE_NAME = {name: provider for provider, names in PROVIDERS.items() for name in names}
_BY_PACKAGE_NAME |= dict.fromkeys(YUAN_PROVIDERS, YUAN)


def find_provider(name: str) -> str | None:
    """Return the provider that has this name in a package, `YUAN` if it bills in yuan, or None for other providers."""
    return _BY_PACKAGE_NAME.get(name)


def find_provider_of_maker(organization: str) -> str:
    """Return the provider through which an organization sells its models, or an empty string."""
    return next((provider for provider, maker in MAKERS.items() if maker == organization), "")


def sells_own_model(provider: str, name: str) -> bool:
    """Return True if the provider is the maker of the model with this name and still serves it."""
    prefixes = OWN_NAMES.get(provider)
    bare = name.rsplit("/", 1)[-1].lower()
    if bare in REASSIGNED_NAMES.get(provider, ()):
        return False
    return provider in MAKERS and (prefixes is None or bare.startswith(prefixes))
