"""Prompts that belong to a category, and prompts that only look like it."""

import time

import pytest

from arena.judging.topics import CATEGORY_NAMES, classify_prompts

RULES = {"c": "coding", "m": "math", "w": "creative-writing", "i": "instruction-following", "h": "hard-prompts"}

CODING = [
    "Write a Python function that removes duplicates from a list but keeps the order.",
    "How do I undo the last commit in git?",
    "Why does this not compile?\n```\nint main() { return x; }\n```",
    "def add(a, b):\n    return a - b\n\nthis gives the wrong result",
    "Implement an algorithm that finds the shortest path in a graph",
    "What is a closure in JavaScript?",
    "Refactor this: for (let i = 0; i < a.length; i++) { sum += a[i]; }",
    "SELECT name FROM users WHERE age > 30 -- how can I make this faster?",
    "Getting a NullPointerException when I open the app",
    "Build me a landing page for a bakery",
    "Write the game of Tetris in C++",
    "Schreibe eine Funktion, die eine Zahl umkehrt.",
    "Wie sortiere ich eine Liste in Python?",
    "Écris une requête SQL pour trouver les doublons.",
    "Escribe un programa en Java que calcule el factorial de un número.",
    "Напиши скрипт на Python, который скачивает картинки.",
    "用Python写一个爬虫",
    "请写一个函数，判断一个字符串是否为回文",
    "Pythonで素数を求めるプログラムを書いてください",
    "Explain decorators in python",
    "```yaml\nservices:\n  web:\n    image: nginx\n```\nadd a database",
]
NOT_CODING = [
    "Who wrote The C Programming Language?",
    "When was Python first released?",
    "How long can a python get?",
    "Which coffee comes from Java?",
    "What is the dress code for a funeral?",
    "What is the postal code of Bern?",
    "Write a script for a short play about two brothers.",
    "What is the function of the kidneys?",
    "I want to start a fitness program. Where do I begin?",
    "Does iron rust faster in salt water?",
    "Is Taylor Swift on tour this year?",
    "Should I let my daughter study computer science?",
    "Who are the richest people in the software industry?",
    "Why do pandas eat bamboo?",
    "Warum sind Schlangen so gelenkig?",
    "Quel est le code postal de Lyon ?",
    "¿Cuál es la función del hígado?",
    "Какая программа сегодня по телевизору?",
    "Write a class schedule for a yoga studio.",
    "The error was mine; how do I apologise?",
    "1. Apples; 2. Pears; 3. Plums: which has most sugar?",
]
MATH = [
    "Solve 2x + 3 = 11",
    "17*23",
    "2+2=?",
    "What is 12.5% of 480?",
    "Calculate 15 / 4 + 7",
    "Find the derivative of ln(x) with respect to x.",
    "Prove that the square root of 2 is irrational.",
    "What is the area of a circle with radius 3?",
    "What is the probability of rolling two sixes with two dice?",
    "Tom has 5 apples, buys 7 apples and eats 3 apples. How many are left?",
    "If 3 workers need 12 days, how many days do 4 workers need?",
    "Evaluate $\\int_0^1 x^2 dx$",
    "x^2 - 4 = 0",
    "Berechne die Ableitung von 3x² + 5.",
    "Wie viel ist 48 mal 17?",
    "Löse das Gleichungssystem x + y = 5, x - y = 1.",
    "Calcule la dérivée de cos(x).",
    "Resuelve la ecuación x + 4 = 10",
    "Вычисли интеграл от x^3",
    "求矩阵的特征值：[[2,0],[0,3]]",
    "计算 25 × 16",
    "How many different ways can 5 books stand on a shelf?",
]
NOT_MATH = [
    "How do I lose 10 kg by 2025-06-01?",
    "Is $15 or $20 a fair tip?",
    "Who discovered calculus, Newton or Leibniz?",
    "What is the best Matrix movie?",
    "What happened between 1914 and 1918?",
    "My flight is on 12/05/2024 at 10:30, when should I leave?",
    "Call me at 030-1234567",
    "Is 24/7 support common for web hosts?",
    "Find a good restaurant in the triangle between Porto and Braga.",
    "How many people live in Berlin?",
    "How much does a new roof cost?",
    "Which is better, the PS4 or the PS5?",
    "Is a 4x4 worth it in the city?",
    "What is the probability of a recession?",
    "Why is it important to solve conflicts early?",
    "Wie viele Tage hat der Februar?",
    "Combien coûte un billet pour Paris ?",
    "¿Cuántos años tiene el Papa?",
    "В каком году началась война 1812 года?",
    "北京有多少人口？",
    "The flat has 50 m² and costs 900 euros. Is that fair?",
    "Python 3.11 or 3.13?",
    "Explain string theory and the theory of everything.",
]
CREATIVE = [
    "Write me a short poem about a lighthouse.",
    "Tell me a funny story about a cat who hates Mondays.",
    "Compose a limerick on bad coffee",
    "Create a rap song about taxes",
    "Invent a bedtime story with a friendly dragon.",
    "Please write a two-page screenplay about time travel.",
    "write a joke about lawyers",
    "Continue the story: It was raining when Ada found the key.",
    "Let's role-play. You are a pirate captain.",
    "Could you write a heartfelt love song?",
    "Schreib mir ein kurzes Gedicht über den Herbst.",
    "Erzähl mir eine Geschichte von einem faulen Bären.",
    "Écris un poème sur la mer.",
    "Raconte une blague",
    "Escribe un poema de amor.",
    "Cuéntame un cuento corto",
    "Напиши короткое стихотворение о море",
    "写一首关于秋天的诗",
    "给我讲一个笑话",
    "海についての詩を書いてください",
    "바다에 대한 시를 써 줘",
    "Escreva um poema sobre a saudade",
]
NOT_CREATIVE = [
    "Who wrote the song Imagine?",
    "Write an analysis of the poem Ozymandias.",
    "What is the true story of Pocahontas?",
    "Write a summary of the novel Emma.",
    "Give me the full story of how penicillin was found.",
    "Which novel by Tolstoy should I read first?",
    "Write a user story for a login page.",
    "Explain what a haiku is.",
    "Write a letter to the tax office.",
    "Create a workout plan for beginners.",
    "How do I write a good story?",
    "Give me news about the story of the missing plane.",
    "Is a sonnet always fourteen lines long?",
    "Wer hat das Lied der Deutschen geschrieben?",
    "Qui a écrit le poème « Le Lac » ?",
    "¿Quién escribió el cuento 'El Aleph'?",
    "Кто написал роман «Идиот»?",
    "写一篇关于这首诗的分析",
    "Translate this story into French: Once upon a time there was a fox.",
    "Write a report on song birds.",
]
INSTRUCTIONS = [
    "Explain gravity in exactly 40 words.",
    "Name a fruit. Answer in one word.",
    "Give me the result as a table.",
    "Return the list as valid JSON.",
    "Write a review, but do not use the letter e.",
    "Summarise this in three bullet points.",
    "Only output the translation, nothing else.",
    "Every sentence must start with the letter S.",
    "Write a 300-word essay about bees.",
    "Please answer in all caps.",
    "Describe Rome in the style of Hemingway.",
    "Tell me about owls, and end with a question.",
    "Erkläre das in höchstens 50 Wörtern.",
    "Antworte nur mit ja oder nein.",
    "Explique-le en deux phrases.",
    "Réponds uniquement par oui ou non.",
    "Explícalo en tres frases sin usar tecnicismos.",
    "Объясни это в двух предложениях.",
    "请用不超过100字回答",
    "100文字以内で説明してください",
]
NOT_INSTRUCTIONS = [
    "How many words are there in English?",
    "What is a JSON file?",
    "Where can I buy an oak table?",
    "Which animals start with the letter A?",
    "I do not like my job. What should I do?",
    "My parents don't use the internet. How can I help them?",
    "How do I start with yoga?",
    "What is the word for fear of heights?",
    "Which element is first in the periodic table?",
    "Why must I pay taxes?",
    "Can you give me only one reason to stay?",
    "Which poem has fourteen lines?",
    "Was bedeutet das Wort Fernweh?",
    "Combien de mots y a-t-il dans la Bible ?",
    "¿Qué significa esta frase?",
    "Сколько слов в русском языке?",
    "Is it bad to eat less than two meals a day?",
    "Explain the table of contents of a thesis.",
    "He must have been tired after the match, right?",
    "你好吗？",
]
HARD = [
    "Write a product text of at most 80 words. Do not use exclamation marks. End with a question.",
    "1. Read the text below\n2. List all names\n3. Sort them by age\n4. Explain your order",
    "- Summarise the article\n- Extract the dates\n- Draw a timeline\n\nArticle: …",
    "First read the contract, then list the risks, after that rank them, and finally propose changes.",
    "Zuerst fasse den Text zusammen, dann nenne die Argumente, danach bewerte sie und schließlich gib eine Empfehlung.",
    "D'abord résume le texte, ensuite compare les idées, enfin donne ton avis.",
    "Primero resume el texto, luego compara las ideas y finalmente da tu opinión.",
    "Сначала прочитай текст, затем выдели тезисы, и наконец напиши вывод.",
    "首先阅读文章，然后列出要点，最后写一段总结。",
    "Act as a travel agent. Plan two days in Oslo, in a table, with no more than 150 words.",
    "You are a chef. Answer in German, use only three sentences, and never mention salt. Start with 'Also'.",
    "Build a tool that 1) reads a file, 2) counts words, 3) prints a report. Use no libraries.",
    "Write a poem in exactly 12 lines. Each line must start with the same letter. Avoid the word 'love'.",
    "Give the answer as JSON, in at most five lines, without explanations: who wrote Faust and when?",
    "Compare both phones in a table with three columns. Do not mention the price. Finish with a one-sentence summary.",
    "Schreibe genau drei Sätze. Verwende keine Fremdwörter. Beginne mit einer Frage.",
]
NOT_HARD = [
    "Explain gravity in exactly 40 words.",
    "Name three rivers.",
    "Which of these is a fruit?\n1. Carrot\n2. Apple\n3. Leek",
    "Then what happened, finally?",
    "First things first: how are you?",
    "What are the three laws of thermodynamics?",
    "Why was the Second World War longer than the First?",
    "- milk\n- eggs\n- flour\n\nwhat can I bake?",
    "Act as a pirate.",
    "You are a liar!",
    "Write a poem about the moon.",
    "Give me the result as a table.",
    "Was ist zuerst da, das Huhn oder das Ei?",
    "Quelle est la première ville de France ?",
    "¿Quién fue el primer rey de España?",
    "先有鸡还是先有蛋？",
    "I first went to Rome in 1999 and then to Milan. Where next?",
]
TABLES = {
    "coding": (CODING, NOT_CODING),
    "math": (MATH, NOT_MATH),
    "creative-writing": (CREATIVE, NOT_CREATIVE),
    "instruction-following": (INSTRUCTIONS, NOT_INSTRUCTIONS),
    "hard-prompts": (HARD, NOT_HARD),
}


def cases(which):
    return [(slug, prompt) for slug, tables in TABLES.items() for prompt in tables[which]]


@pytest.mark.parametrize(("slug", "prompt"), cases(0))
def test_categories_knows_a_prompt_of_its_kind(slug, prompt):
    assert slug in classify_prompts([prompt])


@pytest.mark.parametrize(("slug", "prompt"), cases(1))
def test_categories_passes_by_a_prompt_that_only_looks_like_it(slug, prompt):
    assert slug not in classify_prompts([prompt])


def test_tables_have_the_fifteen_prompts_that_they_promise():
    assert min(len(table) for tables in TABLES.values() for table in tables) >= 15


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([], []),
        ([""], []),
        (["?!"], []),
        (["Why do cats purr when they are happy?"], ["english"]),
        (
            ["Why do cats purr when they are happy?", "Und warum fressen sie so gerne Fisch?"],
            ["multi-turn", "english", "german"],
        ),
        (
            ["Warum schnurren Katzen?", "Write a Python function that adds two numbers."],
            ["coding", "multi-turn", "english", "german"],
        ),
        (
            ["Solve 2x + 3 = 11", "Now write a short poem about it."],
            ["math", "creative-writing", "multi-turn", "english"],
        ),
        (["ok", "ok"], ["multi-turn"]),
    ],
)
def test_categories_has_the_union_over_the_turns_in_the_order_of_the_names(prompts, expected):
    assert classify_prompts(prompts) == expected


@pytest.mark.parametrize(
    ("prompts", "longer"),
    [
        (["tree " * 499], False),
        (["tree " * 500], True),
        (["树" * 500], True),
        (["tree, " * 250], True),
        (["tree " * 300, "bush " * 300], False),
        (["Why?", "tree " * 500], True),
    ],
)
def test_categories_calls_a_prompt_longer_from_500_words_on(prompts, longer):
    assert ("longer-query" in classify_prompts(prompts)) == longer


def test_categories_finds_in_code_only_code():
    assert classify_prompts(["```python\n# write a poem in exactly 10 words\ny = x^2\n```"]) == ["coding"]


def test_names_has_a_name_for_people_for_every_slug():
    assert CATEGORY_NAMES["creative-writing"] == "Creative writing"
    assert CATEGORY_NAMES["german"] == "German"
    assert all(slug == slug.lower() and name for slug, name in CATEGORY_NAMES.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "a ",
            "A",
            "1 ",
            "1.",
            "x^",
            "2x+",
            "2x=",
            "(",
            "{\n",
            "[",
            "`",
            "```\n",
            "~~~",
            "\n",
            "a\n",
            "我\n",
            "写",
        ),
        *("a\u0301", "\u0301\u0327", "in a ", "write a ", "do not ", "must ", " ", "- ", "1. do\n", "function f("),
        *("for (if (", "<div ", "SELECT a ", "at a.b(", "int x ", "x = 1\n", "\\frac", "5 % of ", "if 3 km "),
        *("describe a ", "as a ", "budget ", "以十", "시"),
    ],
)
def test_categories_takes_linear_time_whatever_the_text(piece):
    began = time.process_time()

    classify_prompts([piece * (32_000 // len(piece))])

    assert time.process_time() - began < 5
