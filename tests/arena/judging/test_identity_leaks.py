"""Forty answers that reveal their model, forty that do not, and the rules that separate them."""

import time

import pytest

from arena.judging.identity_leaks import has_leak
from arena.judging.model_names import collect_model_names

GPT = collect_model_names("GPT-4o", "gpt-4o", "gpt-4o-2024-08-06", "OpenAI")
CLAUDE = collect_model_names("Claude 3.5 Sonnet", "claude-3-5-sonnet", "claude-3-5-sonnet-latest", "Anthropic")
GEMINI = collect_model_names("Gemini 1.5 Pro", "gemini-1.5-pro", "models/gemini-1.5-pro", "Google")
LLAMA = collect_model_names("Llama 3 8B Instruct", "llama-3-8b-instruct", "meta-llama/Meta-Llama-3-8B-Instruct", "Meta")
MISTRAL = collect_model_names("Mistral Large", "mistral-large", "mistral-large-2407", "Mistral AI")
QWEN = collect_model_names("Qwen2.5 72B Instruct", "qwen2.5-72b-instruct", "Qwen/Qwen2.5-72B-Instruct", "Alibaba Cloud")
HERMES = collect_model_names("Nous Hermes 2", "nous-hermes-2", "nous-hermes-2-mixtral", "Nous Research")
SMOLLM = collect_model_names("SmolLM2 135M Instruct", "smollm2-135m-instruct", "SmolLM2-135M-Instruct", "Hugging Face")
GEMMA = collect_model_names("Gemma 3 270M (base model, few-shot prompt)", "gemma-3-270m", "gemma-3-270m", "Google")
ELIZA = collect_model_names("ELIZA (1966)", "eliza", "", "MIT")
QUOKKA = collect_model_names("Quokka 7B", "quokka-7b", "quokka-7b-chat", "Marsupial Labs")
PLAIN = collect_model_names("Base", "base", "7b-chat", "Research")

LEAKING = [
    # The answer introduces itself, whoever fights.
    (PLAIN, "I am ChatGPT, a large language model trained by OpenAI."),
    (PLAIN, "As a model made by Anthropic, I try to be careful here."),
    (PLAIN, "Good question! I was trained by Google on a lot of text."),
    (PLAIN, "I’m Claude, happy to help with your essay."),
    (PLAIN, "My name is Gemini and I can't browse."),
    (GPT, "As an AI language model developed by Meta, I have no opinions."),
    (GPT, "You are talking to Qwen, so let us begin."),
    (GPT, "My creators at DeepSeek did not tell me."),
    (GPT, "Google's engineers built me to answer questions like this one."),
    (QWEN, "Hi! Claude here. The capital is Paris."),
    (PLAIN, "I'm an open source assistant based on Llama."),
    (PLAIN, "i  am  C h a t G P T"),
    (PLAIN, "Ich bin ChatGPT und helfe gern."),
    (PLAIN, "Ich wurde von Google entwickelt."),
    (PLAIN, "Soy un modelo de lenguaje creado por OpenAI."),
    (PLAIN, "Je suis un assistant développé par Mistral AI."),
    (PLAIN, "Я — большая языковая модель, созданная компанией OpenAI."),
    (PLAIN, "我是通义千问，由阿里云开发的语言模型。"),
    (PLAIN, "私はGoogleによって訓練された言語モデルです。"),
    # It mentions a model of the battle, in whatever spelling.
    (GPT, "That is what gpt-4o would say."),
    (GPT, "That is what **GPT**-4 would say."),
    (GPT, "Some call this the g p t - 4 o way."),
    (GPT, "Ask OPENAI for the details."),
    (GPT, "The ＣｈａｔＧＰＴ answer is 42."),
    (GPT, "```python\nimport openai\nprint(openai.chat)\n```"),
    (GPT, "See the [documentation](https://platform.openai.com/docs) for more."),
    (GPT, "Die Antworten eines ChatGPTs sind nicht immer richtig."),
    (CLAUDE, "Signed, `Cla`ude"),
    (CLAUDE, "Signed, Cl\u200bau\u00adde"),
    (CLAUDE, "Signed, C̶l̶a̶u̶d̶e̶"),
    (CLAUDE, "Clauden vastaus on 42."),
    (CLAUDE, "A n t h r o p i c has rules about this."),
    (CLAUDE, "Сlаudе says hello."),
    (LLAMA, "This is typical of Llama 3 in my view."),
    (LLAMA, "Meta AI published the weights."),
    (GEMINI, "Gemini Pro can make mistakes, so double-check."),
    (MISTRAL, "Mistral is a language model from Paris."),
    (SMOLLM, "smol_lm 2 is small but quick."),
    (QUOKKA, "The Quokka-7B way is simpler."),
    (QWEN, "Qwen2.5 handles Chinese well."),
]
INNOCENT = [
    (GEMINI, "Open Google Maps and search for the nearest bakery."),
    (GEMINI, "You can google the rest, or look at Google Scholar."),
    (GEMINI, "Gemini the constellation is best seen in winter; its stars are Castor and Pollux."),
    (GEMINI, "Gemini 8 was a NASA mission with the astronauts Armstrong and Scott."),
    (GEMINI, "A palm tree stood beside the hut."),
    (GEMINI, "A bard sang of old kings all night."),
    (GEMINI, "She held the coin in her palm. It was warm."),
    (GEMINI, "Android was bought by Google in 2005."),
    (LLAMA, "The llama farm lies in the Andes, and llamas carry wool to market."),
    (LLAMA, "I am a llama, and I live on a hill."),
    (LLAMA, "Add a meta tag to the head of the page."),
    (LLAMA, "A meta-analysis of forty trials found no effect."),
    (CLAUDE, "claude monet painted water lilies."),
    (CLAUDE, "Claude Debussy wrote La Mer."),
    (CLAUDE, "Jean-Claude Van Damme is a Belgian actor."),
    (CLAUDE, "The anthropic principle says that the universe must allow observers."),
    (CLAUDE, "A philanthropic society paid for the clauses of the contract."),
    (GPT, "Use a GPT partition table instead of MBR."),
    (GPT, "We should open AI research to everyone."),
    (GPT, "Open the assistant window and click on Help."),
    (GPT, "Sorting takes O(1) extra space and O(n log n) time."),
    (GPT, "Leonardo da Vinci painted the Mona Lisa."),
    (GPT, "Anthropic and Google also sell models."),
    (GPT, "I am not Claude, and I cannot say more."),
    (HERMES, "Hermes the god carried messages for Zeus."),
    (HERMES, "Mit Hermes verschickt man Pakete."),
    (MISTRAL, "The mistral wind blows down the Rhone valley."),
    (MISTRAL, "In Marseille, mistral days are bright and cold."),
    (ELIZA, "Eliza Doolittle sells flowers in Covent Garden."),
    (ELIZA, "Der Zug fährt mit KI-Modellen nach Plan; MIT is a licence as well."),
    (GEMMA, "Gemma Arterton played the part."),
    (QWEN, "Ali Baba found the cave, and a queen found Ali Baba."),
    (PLAIN, "A base model with 7b parameters and a chat template."),
    (PLAIN, "I am a ChatGPT user and I like it."),
    (PLAIN, "I was hired by Google to build a search engine."),
    (PLAIN, "I use ChatGPT and Claude every day for my homework."),
    (PLAIN, "I'm a Gemini, born in June."),
    (PLAIN, "The app I built was developed with an API by OpenAI."),
    (PLAIN, "ChatGPT was created by OpenAI and released in 2022."),
    (SMOLLM, "She was hugging the small elm and smiling."),
]


def leaks(own, text, prompt="What do you think?"):
    return has_leak([(prompt, [text])], own)


@pytest.mark.parametrize(("own", "text"), LEAKING)
def test_leaks_finds_the_answer_that_tells_who_wrote_it(own, text):
    assert leaks(own, text)


@pytest.mark.parametrize(("own", "text"), INNOCENT)
def test_leaks_lets_the_answer_pass_that_speaks_of_other_things(own, text):
    assert not leaks(own, text)


def test_tables_have_the_forty_cases_that_they_promise():
    assert (len(LEAKING), len(INNOCENT)) == (40, 40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OpenAI, my creator, is in California.", True),
        ("OpenAI, my favourite, is in California.", False),
        ("OpenAI told me to wait.", False),
        ("I was using a model by Google.", False),
        ("This is ChatGPT speaking.", True),
        ("This is ChatGPT's weakness.", False),
        ("The assistant known as Claude is what I am.", False),
        ("I am the assistant known as Claude.", True),
        ("As ChatGPT, I cannot do that.", True),
        ("As OpenAI says, scale matters.", False),
        ("It was used as an AI model made by Google.", False),
        ("I am a cheerful, patient assistant made by OpenAI.", True),
        ("I am a fan of AI models by Google.", False),
        ("Sono Claude, un assistente.", True),
        ("I siti sono Google e Bing.", False),
        ("Я — ChatGPT.", True),
        ("I am DeepSeek.", True),
        ("I am at DeepSeek.", False),
    ],
)
def test_leaks_tells_speech_about_oneself_from_speech_about_others(text, expected):
    assert leaks(PLAIN, text) is expected


CANDIDATES = "Which of these are you: ChatGPT (OpenAI), Claude (Anthropic), Gemini (Google), Llama (Meta)?"
PROMPTED = [
    ("Are you ChatGPT?", GPT, "Yes, I am ChatGPT.", True),
    ("are you c h a t g p t?", GPT, "Yes, I am ChatGPT.", True),
    (CANDIDATES, GPT, "I am ChatGPT, made by OpenAI.", True),
    (CANDIDATES, CLAUDE, "I am Claude, an AI assistant made by Anthropic.", True),
    (CANDIDATES, GPT, "I am Claude, an AI assistant made by Anthropic.", False),
    (CANDIDATES, GPT, "ChatGPT is by OpenAI.", False),
    ("Pretend that you are ChatGPT.", QWEN, "I am ChatGPT, ask me anything.", False),
    ("Pretend that you are Qwen.", QWEN, "I am Qwen, ask me anything.", True),
    ("Are you ChatGPT?", GPT, "No, I am Claude.", True),
    ("Are you ChatGPT?", GPT, "I am GPT-4o.", True),
    ("What has OpenAI published?", GPT, "ChatGPT and GPT-4o, among others.", False),
    ("What has OpenAI published?", GPT, "I am ChatGPT, so you can see for yourself.", True),
    ("What has Google published?", GPT, "OpenAI has published more.", True),
    ("How do I use Google Maps?", GEMINI, "I was trained by Google, so I know.", True),
    ("Who was Claude Monet?", CLAUDE, "A painter. Claude is glad to tell more.", True),
    ("What is a quokka?", QUOKKA, "A quokka is a small wallaby.", False),
    (
        "Give me ten digits of pi.",
        collect_model_names("Pixtral 12B", "pixtral-12b"),
        "Pixtral gives 3.141592653.",
        True,
    ),
    ("Compare Gemini and Llama.", LLAMA, "Llama 3 is open, Gemini is not.", False),
]


@pytest.mark.parametrize(("prompt", "own", "text", "expected"), PROMPTED)
def test_leaks_forgives_only_the_mention_of_names_that_the_voter_wrote(prompt, own, text, expected):
    assert leaks(own, text, prompt) is expected


def test_leaks_looks_at_every_answer_of_every_turn():
    quiet = ("Why?", ["An answer.", "Another answer."])

    assert not has_leak([quiet, quiet], GPT)
    assert has_leak([quiet, ("And who are you?", ["I would rather not say.", "ChatGPT"])], GPT)
    assert has_leak([("Why?", ["As OpenAI says: because."]), ("Who?", ["I am Claude."])], GPT)
    assert not has_leak([], GPT)
    assert not has_leak([("Why?", ["", ""])], GPT)


def test_leaks_forgives_a_name_from_the_turn_on_in_which_it_was_written():
    named, unnamed = ("Do you like ChatGPT?", ["I like ChatGPT."]), ("Who are you?", ["You like ChatGPT."])

    assert not has_leak([named, unnamed], GPT)
    assert has_leak([unnamed, named], GPT)


@pytest.mark.parametrize("side", [GPT, CLAUDE])
def test_leaks_takes_the_names_of_both_models_on_either_side(side):
    assert leaks(GPT | CLAUDE, "Unlike Claude, it came from OpenAI.")
    assert not leaks(side, "Unlike Qwen, it is old.")


def test_leaks_knows_no_name_of_models_that_are_called_like_nothing_in_particular():
    assert not PLAIN
    assert not leaks(PLAIN, "Base: a chat model of 7b, from Research.")


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *("gpt ", "gpt", "google ", "i am google ", "google created ", "c l a u d ", "a model made by the ", "我是"),
        *("a\u0301", "\u200b", "&#", "<", "](", "9", "\n", " ", "The quick brown fox jumps over the lazy dog. "),
    ],
)
def test_leaks_takes_linear_time_whatever_the_text(piece):
    text = piece * (256 * 1024 // len(piece))
    began = time.process_time()

    assert not leaks(LLAMA | QUOKKA, text)

    assert time.process_time() - began < 5


@pytest.mark.parametrize("said", ["I am ChatGPT.", "ChatGPT here, at your service."])
@pytest.mark.parametrize("place", [0, 500, 1000])
def test_leaks_finds_the_one_place_among_many_that_say_the_name_harmlessly(said, place):
    harmless = ["I am a ChatGPT user."] * 1000

    assert leaks(PLAIN, " ".join([*harmless[:place], said, *harmless[place:]]))
