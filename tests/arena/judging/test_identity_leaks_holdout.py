"""A second table, written after the code, which was never changed to pass it."""

from arena.judging.identity_leaks import has_leak
from arena.judging.model_names import collect_model_names

O1 = collect_model_names("o1-mini", "o1-mini", "o1-mini-2024-09-12", "OpenAI")
HAIKU = collect_model_names("Claude 3 Haiku", "claude-3-haiku", "anthropic/claude-3-haiku", "Anthropic")
FLASH = collect_model_names("Gemini 2.0 Flash", "gemini-2.0-flash", "gemini-2.0-flash-001", "Google DeepMind")
MAVERICK = collect_model_names("Llama 4 Maverick", "llama-4-maverick", "meta-llama/llama-4-maverick:free", "Meta")
R1 = collect_model_names("DeepSeek R1", "deepseek-r1", "deepseek-ai/DeepSeek-R1", "DeepSeek")
NEMO = collect_model_names("Mistral Nemo", "mistral-nemo", "open-mistral-nemo-2407", "Mistral")
COMMAND = collect_model_names("Command R+", "command-r-plus", "command-r-plus-08-2024", "Cohere")
GROK = collect_model_names("Grok 2", "grok-2", "grok-2-1212", "xAI")
PHI = collect_model_names("Phi-3 Medium", "phi-3-medium", "microsoft/Phi-3-medium-4k-instruct", "Microsoft")
FALCON = collect_model_names("Falcon 40B", "falcon-40b", "tiiuae/falcon-40b-instruct", "TII")
YI = collect_model_names("Yi 34B Chat", "yi-34b-chat", "01-ai/Yi-34B-Chat", "01.AI")
NOVA = collect_model_names("Amazon Nova Pro", "nova-pro", "amazon.nova-pro-v1:0", "Amazon")
OLMO = collect_model_names("OLMo 2 13B", "olmo-2-13b", "allenai/OLMo-2-1124-13B", "Allen Institute for AI")

LEAKING = [
    (O1, "Since I'm developed by OpenAI, I follow its rules."),
    (O1, "To be honest, chat-gpt might be better at poems."),
    (HAIKU, "It is what Anthropic calls a constitution."),
    (HAIKU, "Best wishes from C-L-A-U-D-E"),
    (HAIKU, "I'm an AI assistant called Claude, and no, I can't taste coffee."),
    (FLASH, "I'm a large language model from Google, so I don't have birthdays."),
    (FLASH, "G·e·m·i·n·i wishes you a good day."),
    (FLASH, "Hello! I'm Gemini 2.0 Flash."),
    (MAVERICK, "Meta built me to be helpful."),
    (MAVERICK, "We Llama models like open weights."),
    (R1, "深度求索 is the company behind this."),
    (R1, "您好！我是由深度求索公司开发的智能助手DeepSeek-R1。"),
    (NEMO, "Je suis Mistral, un modèle de langage français."),
    (COMMAND, "I'm Command R+, built by Cohere."),
    (GROK, "As Grok, I tell it straight."),
    (PHI, "I am Phi, an AI developed by Microsoft."),
    (FALCON, "Falcon 40B was asked and this is its reply."),
    (YI, "I am Yi, a bilingual model trained by 01.AI."),
    (NOVA, "My makers at Amazon would like that."),
    (OLMO, "Unlike me, O L M o cannot see pictures? Well, that is me."),
]
INNOCENT = [
    (O1, "Ozone is O3, and it shields us from ultraviolet light."),
    (O1, "You can open ai.txt in any editor."),
    (HAIKU, "A haiku has seventeen syllables."),
    (HAIKU, "Jean Claude Juncker led the Commission."),
    (HAIKU, "The misanthropic hermit lived in the clouds."),
    (FLASH, "Put the file into Google Drive and share it."),
    (FLASH, "People born under Gemini are said to be talkative, like those under Libra."),
    (FLASH, "The flash went off at 2.0 seconds."),
    (MAVERICK, "He was a maverick, and his llama spat at everyone."),
    (MAVERICK, "This joke is very meta."),
    (R1, "Divers seek deep wrecks; a deep-sea dive needs care."),
    (NEMO, "Captain Nemo commands the Nautilus."),
    (COMMAND, "Press Command-R to reload the page."),
    (COMMAND, "A paragraph must cohere, and its sentences must follow."),
    (GROK, "It takes a while to grok recursion."),
    (PHI, "The golden ratio phi is about 1.618; Microsoft Excel can compute it."),
    (FALCON, "The peregrine falcon is the fastest bird."),
    (NOVA, "The Amazon rainforest, seen from a plane to Nova Scotia, is vast."),
    (OLMO, "I'm a nurse, trained at a hospital in Rome."),
    (OLMO, "My brother was made redundant by Google; I use ChatGPT to write his letters."),
]


def found(table):
    return sum(has_leak([("What do you think?", [text])], own) for own, text in table)


def test_leaks_are_found_in_the_held_out_table():
    assert len(LEAKING) == 20
    assert found(LEAKING) >= 19


def test_leaks_are_seen_in_no_more_than_one_innocent_text_of_the_held_out_table():
    assert len(INNOCENT) == 20
    assert found(INNOCENT) <= 1
