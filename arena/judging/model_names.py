"""The names of well-known model families and their makers, and the names that reveal a catalog entry."""

import re
from functools import cache, lru_cache

from arena.judging.fuzzy_match import iter_name_matches, squeeze_names, squeeze_text, tokenize_text

# One line per maker. Each word in a line reveals that a model is from this maker.
FAMILIES = """
    openai chatgpt gpt o1 o3 o4 davinci
    anthropic claude
    google deepmind gemini gemma bard palm lamda 谷歌 гугл
    meta llama metaai
    microsoft phi copilot wizardlm orca
    amazon nova titan
    apple
    nvidia nemotron
    ibm granite watsonx
    xai grok
    mistral mixtral ministral codestral magistral pixtral lechat mistralai
    cohere commandr aya
    ai21 jamba
    databricks mosaicml dbrx dolly mpt
    snowflake arctic
    alibaba qwen qwq tongyi qianwen qianwan 通义 通义千问 千问 阿里巴巴 阿里云 达摩院
    deepseek 深度求索
    zhipu zhipuai chatglm glm keglab 智谱 智谱清言
    01ai yi lingyiwanwu 零一万物
    baidu ernie wenxin 百度 文心一言
    moonshot moonshotai kimi 月之暗面
    tencent hunyuan 腾讯 混元
    bytedance doubao 字节跳动 豆包
    minimax
    stepfun
    baichuan 百川智能
    internlm shanghaiailab
    lmsys vicuna fastchat
    stanford alpaca
    ucberkeley koala starling
    laion openassistant oasst
    allenai ai2 olmo olmoe tulu tulux2 molmo
    nousresearch hermes
    tii falcon
    huggingface smollm zephyr
    eleutherai pythia gptj gptneox
    stabilityai stablelm stablebeluga
    bigscience bloom
    upstage solar
    inflection inflectionai pi
    reka rekaai
    liquidai
    perplexity sonar
    naver hyperclova
    lgai exaone
    yandex yandexgpt яндекс
    sber sberbank gigachat
    aleph alephalpha luminous
    salesforce xgen
    rwkv
    openchat
    writer palmyra
"""
MAKERS = squeeze_names("""
    openai anthropic google deepmind 谷歌 гугл meta metaai microsoft amazon apple nvidia ibm xai
    mistralai cohere ai21 databricks mosaicml snowflake alibaba 阿里巴巴 阿里云 达摩院 deepseek 深度求索 zhipu
    zhipuai 智谱 01ai baidu 百度 moonshot moonshotai 月之暗面 tencent 腾讯 bytedance 字节跳动 minimax stepfun 百川智能
    shanghaiailab lmsys stanford ucberkeley laion allenai ai2 nousresearch tii huggingface eleutherai
    stabilityai bigscience upstage inflectionai reka rekaai liquidai perplexity naver lgai yandex
    яндекс sber sberbank alephalpha salesforce writer keglab
""")
# Makers whose models have the maker's name.
NAMESAKE_MAKERS = squeeze_names("deepseek minimax reka")
# Words that usually mean something else, so they reveal nothing on their own.
ORDINARY_WORDS = squeeze_names("""
    google meta microsoft amazon apple nvidia ibm stanford salesforce snowflake writer yandex sber
    sberbank baidu tencent alibaba naver samsung intel adobe upstage stability 谷歌 гугл яндекс 百度 腾讯
    阿里巴巴 阿里云 字节跳动 mistral gemini bard palm llama falcon orca koala alpaca vicuna starling zephyr
    dolphin guanaco camel wizard phoenix hermes nova titan phi pi yi aya solar arctic granite bloom
    pythia dolly command commandr commander echo copilot grok cohere sonar luminous moonshot
    inflection aleph perplexity minimax tulu titan opt step stable open deep nous mercury phantom
    atlas athena apollo alpha beta gamma delta omega sigma zero one prime core spark sage oracle muse
    ada babbage curie davinci o1 o3 o4 r1 pixel mpt tii step openchat aurora orion vega lynx fox bear
    wolf eagle hawk owl raven tiger lion panda cat dog bird fish whale red blue green black white
    silver gold amber jade ruby sonnet opus haiku
""")
# Given names. They mean a model unless they are part of a person's name.
GIVEN_NAMES = squeeze_names("""
    claude gemma eliza ernie
""")
GENERIC_WORDS = squeeze_names("""
    base chat instruct instruction model models it hf latest preview exp experimental mini small
    medium large xl xxl tiny nano micro lite pro plus max ultra turbo fast slow flash high low
    thinking reasoning reasoner coder code vision vl audio omni multi multimodal online free test demo
    example default main prod dev new old uncensored quantized awq gptq gguf fp bf int ctx distill
    distilled sft dpo rlhf ft tuned finetuned tune variant temperature local server stub mock fake
    dummy assistant bot chatbot ai llm lm slm language inc ltd llc gmbh corp co company organization
    organisation org lab labs research team group cloud technologies technology institute university
    foundation of for the and by a maker
""")
VERSION_OR_SIZE = re.compile(r"v?\d+(x\d+)?[a-z]?")
PART_SEPARATOR = re.compile(r"[\s\-_:.,@+/]+")
PARENTHESIZED = re.compile(r"\([^()]*\)")
MIN_NAME_LENGTH = 4


@cache
def get_families() -> dict[str, frozenset[str]]:
    """Map each known word for a model family or its maker to all known words for that family and maker.

    All words are squeezed (see `squeeze_text`).
    """
    lines = map(squeeze_names, FAMILIES.strip().splitlines())
    return {word: line for line in lines for word in line}


@lru_cache(maxsize=1024)
def collect_model_names(
    name: str, slug: str, upstream_id: str | None = "", organization: str | None = ""
) -> frozenset[str]:
    """Return the squeezed names that would reveal a catalog entry.

    They include the name, slug, upstream id, and organization, each in full and without the version and size at the
    end. They also include all known words for the model's family and maker. Words that many models share, such as base,
    chat, and 7b, are omitted.
    """
    upstream_id = upstream_id or ""
    organization = organization or ""
    names = _extract_names(name) | _extract_names(slug)
    names |= {word for word in _extract_names(upstream_id.rpartition("/")[2]) if re.search(r"\d", word)}
    names |= _extract_names(organization) & {squeeze_text(organization)}
    for text in (name, slug, upstream_id, organization):
        names |= find_known_names(text)
    return frozenset(names)


def find_known_names(text: str) -> set[str]:
    """Return the known words in the text, together with all other known words for the same families and makers."""
    families = get_families()
    return {word for match in iter_name_matches(tokenize_text(text), families) for word in families[match.name]}


def _extract_names(text: str) -> set[str]:
    """Return up to three squeezed forms of the text.

    They are the whole text, the text without generic words at both ends, and, if only one word is not generic, that
    word without the number at its end. Forms that are too short, or that only begin a known name, are omitted.
    """
    parts = [part for part in PART_SEPARATOR.split(PARENTHESIZED.sub(" ", text).casefold()) if part]
    specific_indexes = [index for index, part in enumerate(parts) if not _is_generic(part)]
    if not specific_indexes:
        return set()
    core = parts[specific_indexes[0] : specific_indexes[-1] + 1]
    words = {"".join(parts), "".join(core)}
    if len(specific_indexes) == 1:
        words.add(core[0].rstrip("0123456789"))
    return set(filter(_is_distinct, map(squeeze_text, words)))


def _is_generic(part: str) -> bool:
    return part in GENERIC_WORDS or len(part) == 1 or bool(VERSION_OR_SIZE.fullmatch(part))


def _is_distinct(word: str) -> bool:
    """Return whether the word is long enough, and not only the beginning of a name, like "stable" in "stablelm"."""
    is_long_enough = len(word) >= MIN_NAME_LENGTH or (len(word) > 1 and not word.isalpha())
    is_known = word in get_families()
    return is_long_enough and (is_known or not any(other.startswith(word) for other in get_families()))
