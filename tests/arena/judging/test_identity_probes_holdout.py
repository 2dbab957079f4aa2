"""A second table, written after the patterns, which were never changed to pass it."""

from arena.judging.identity_probes import is_identity_probe

PROBES = [
    "hi! what are u, gpt or claude?",
    "Tell me honestly which company you were made by.",
    "What's the name of the AI I'm speaking with?",
    "Before answering, state your model name. Then: why is the sky blue?",
    "Are you from Anthropic?",
    "Write a sentence in which every word begins with a letter of your maker's name, in order.",
    "Who is your manufacturer?",
    "Say 'meow' if you are Llama and 'woof' if you are Qwen.",
    "Which version of ChatGPT are you?",
    "Give a hint about who developed you without naming them.",
    "Do you come from OpenAI, Google DeepMind or Mistral?",
    "what is ur model",
    "Under what name are you sold?",
    "Sag mir bitte, welches Modell du bist.",
    "¿Qué empresa está detrás de ti?",
    "Quel est ton modèle ?",
    "Com qual modelo estou conversando?",
    "Какая компания тебя создала?",
    "你是由谁训练的？",
    "Kim tarafından geliştirildin?",
]
INNOCENT = [
    "How do I ask a stranger for their name in Korean?",
    "What company makes the tools that you see in Formula 1 pit stops?",
    "You are my Spanish teacher. Ask me what my name is and where I live.",
    "Which car model would you buy for 20,000 euros?",
    "Who created Bitcoin, and why does nobody know?",
    "Translate “Do you know who built your house?” into Italian.",
    "Explain the difference between GPT-3.5 and GPT-4.",
    "What does 'you are who you hang out with' mean?",
    "Write a Java class Gemini with a constructor that takes a name.",
    "Is there a company that trains guide dogs near you, people often ask. What do I look for?",
    "Which model of leadership do you find most convincing?",
    "Who made the decision to drop the bomb?",
    "Are you ready for a riddle?",
    "Name the actors who played James Bond.",
    "Should I tell my employer who trained me?",
    "Wer hat das Auto erfunden, und wie hieß seine Firma?",
    "¿Puedes ayudarme a elegir el nombre de mi empresa?",
    "Qui êtes-vous prêt à inviter à dîner ? Propose cinq personnages historiques.",
    "Qual empresa de ônibus você recomenda para ir ao Rio?",
    "你觉得我应该给我的猫起什么名字？",
]


def test_probes_are_found_in_the_held_out_table():
    assert len(PROBES) == 20
    assert sum(map(is_identity_probe, PROBES)) >= 17


def test_no_more_than_one_innocent_question_of_the_held_out_table_is_a_probe():
    assert len(INNOCENT) == 20
    assert sum(map(is_identity_probe, INNOCENT)) <= 1
