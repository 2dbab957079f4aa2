"""A second table, written before the rules, which were never changed to pass it.

Letters are the categories that a careful reader would give: coding, math, creative writing, instructions, hard.
"""

import pytest

from arena.judging.topics import classify_prompts

LETTERS = {"c": "coding", "m": "math", "w": "creative-writing", "i": "instruction-following", "h": "hard-prompts"}
HELD = [
    ("c", "My React component re-renders on every keystroke, how do I memoize the callback?"),
    ("c", "Write a Rust function that parses a CSV line into a vector of strings."),
    ("c", "Why does `git pull` say my branch has diverged?"),
    ("c", "what's wrong here?\n\nfor i in range(len(a)):\n    if a[i] == a[i+1]:\n        print(a[i])"),
    ("c", "Explain the difference between a left join and an inner join in SQL."),
    ("c", "Schreibe ein Python-Skript, das alle Bilder in einem Ordner verkleinert."),
    ("c", "Comment lire un fichier JSON en JavaScript ?"),
    ("c", "Напиши функцию на Python, которая проверяет, является ли строка палиндромом."),
    ("c", "用Java写一个单例模式的类"),
    ("c", "Convert this to TypeScript:\n```js\nfunction add(a, b) { return a + b }\n```"),
    ("c", "I get 'TypeError: cannot read properties of undefined' when I click the button"),
    ("c", "Write a regex that matches an IPv4 address"),
    ("c", "How can I center a div with CSS?"),
    ("ci", "Create a bash script that backs up /home to S3. Only output the code, no explanations."),
    ("c", "¿Cómo ordeno una lista de diccionarios por una clave en Python?"),
    ("c", "What is the time complexity of merge sort?"),
    ("", "Who invented the programming language Java?"),
    ("", "Is Python a good first language for a twelve-year-old?"),
    ("", "What do ball pythons eat?"),
    ("", "How do I become a software engineer without a degree?"),
    ("", "Which vitamin C supplements are best?"),
    ("", "Explain the function of the liver."),
    ("", "Our loyalty program needs a new name, what do you think of 'Club Plus'?"),
    ("", "What was the Da Vinci code about?"),
    ("", "Is the dress code for a gallery opening formal?"),
    ("", "Was ist der Unterschied zwischen einem Virus und einer Bakterie?"),
    ("", "What's the best script font for a wedding invitation?"),
    ("m", "Solve for x: 3x - 7 = 2x + 5"),
    ("m", "What is the derivative of x^3 * sin(x)?"),
    ("m", "Prove that there are infinitely many prime numbers."),
    (
        "m",
        (
            "A bag holds 4 red and 6 blue marbles. If I draw 2 without replacement, what is the probability "
            "that both are red?"
        ),
    ),
    ("m", "Berechne das Integral von e^(-x^2) von minus unendlich bis unendlich."),
    ("m", "Résous l'équation 2x² + 3x - 5 = 0"),
    ("m", "¿Cuánto es el 15% de 320?"),
    ("m", "Реши уравнение: x^2 - 5x + 6 = 0"),
    ("m", "求函数 f(x)=x^2-4x+3 的最小值"),
    ("m", "what is 347 * 29"),
    ("m", "Evaluate $\\lim_{x \\to 0} \\frac{\\sin x}{x}$"),
    ("m", "Find the eigenvalues of the matrix [[2, 1], [1, 2]]."),
    (
        "m",
        (
            "A train leaves at 60 mph and another leaves 2 hours later at 80 mph. After how many hours does "
            "the second catch up?"
        ),
    ),
    ("m", "Calculate the area of a triangle with sides 5, 12 and 13."),
    ("m", "How many ways can 8 people sit around a round table?"),
    ("", "How do I deal with a 50% price increase from my landlord?"),
    ("", "Is a $1200-1500 budget enough for a week in Japan?"),
    ("", "What happened on 11/9/1989?"),
    ("", "Who was the first woman to win the Fields Medal?"),
    ("", "Why do so many children hate maths?"),
    ("", "What is the probability that aliens exist?"),
    ("", "My phone number is 555-0134, can you remember it?"),
    ("", "What is an integral part of good leadership?"),
    ("", "Compare the iPhone 15 with the Galaxy S24."),
    ("", "Who won the 4x100 m relay at the 2016 Olympics?"),
    ("", "Wie viele Einwohner hat Österreich?"),
    ("w", "Write a bedtime story about a hedgehog who is afraid of the dark."),
    ("w", "Compose a sonnet about autumn rain."),
    ("wi", "Write a haiku about Mondays without using the word 'coffee'."),
    ("w", "Schreibe ein Gedicht über das Meer im Winter."),
    ("w", "Raconte-moi une histoire drôle avec un pirate et une poule."),
    ("w", "Escribe un cuento de terror ambientado en un faro."),
    ("w", "Сочини сказку про лису и ежа."),
    ("w", "写一个关于时间旅行的短篇小说"),
    ("w", "Continue this story: The door creaked open and nobody was there."),
    ("w", "give me song lyrics about a broken toaster"),
    ("w", "Write the opening chapter of a noir novel set on Mars."),
    ("w", "Let's roleplay: you are a tavern keeper and I am a tired knight."),
    ("w", "Write a dialogue between the sun and the moon."),
    ("w", "Tell me a joke about penguins"),
    ("", "Who wrote the poem 'The Road Not Taken'?"),
    ("", "Summarize the plot of Hamlet."),
    ("", "Write an email to my landlord about the broken heating."),
    ("", "Write an essay on the causes of the French Revolution."),
    ("", "What is the story behind the Eiffel Tower?"),
    ("", "Analyse the rhyme scheme of Goethe's Erlkönig."),
    ("", "How long is the average novel?"),
    ("", "Which song won Eurovision in 1974?"),
    ("", "Write a product description for a steel water bottle."),
    ("", "Wer hat das Lied 'Atemlos' geschrieben?"),
    ("i", "List the planets of the solar system as a JSON array."),
    ("i", "Explain photosynthesis in exactly 50 words."),
    ("i", "Answer with yes or no only: is a tomato a fruit?"),
    ("i", "Describe Berlin in three sentences, and do not mention the wall."),
    ("i", "Fasse den Artikel in höchstens fünf Stichpunkten zusammen."),
    ("i", "Réponds en moins de 100 mots : qu'est-ce que l'inflation ?"),
    ("i", "Resume la novela Don Quijote en 3 frases."),
    ("i", "Ответь одним словом: столица Перу?"),
    ("i", "用不超过50个字介绍北京"),
    ("i", "Compare cats and dogs in a table with three columns."),
    ("i", "Write a cover letter for a nurse. It must not exceed 200 words and must end with 'Kind regards'."),
    (
        "ih",
        (
            "Plan a 3-day trip to Rome. The budget is at most 400 euros, no museums on Sunday, each day must"
            " have one vegetarian restaurant, and present it as a table with costs per day."
        ),
    ),
    (
        "ih",
        (
            "Act as a strict editor. Rewrite the text below in at most 120 words, keep all numbers, do not "
            "use passive voice, and finish with a question."
        ),
    ),
    (
        "h",
        (
            "Design a meal plan.\n1. Ask me about allergies\n2. Compute the calories per day\n"
            "3. Propose seven dinners\n4. Produce a shopping list"
        ),
    ),
    (
        "chi",
        (
            "Write a Python CLI that 1) reads a CSV, 2) drops duplicates, 3) writes Parquet. It must use "
            "argparse, must not use pandas, and include unit tests. Output only code."
        ),
    ),
    (
        "hi",
        (
            "Schreibe eine Stellenanzeige mit genau 150 Wörtern. Verwende keine Anglizismen. Gliedere sie in"
            " drei Absätze und beginne mit einer Frage."
        ),
    ),
    (
        "h",
        (
            "First summarise the attached meeting notes, then extract all action items with owners, after "
            "that estimate the effort for each, and finally draft an email to the team."
        ),
    ),
    ("", "What is the tallest building in the world?"),
    ("", "Can you recommend a good book about bees?"),
    ("", "Why is there no train from Oslo to Tromsø?"),
    ("", "How many words does the average adult know?"),
    ("", "What should I do if my dog ate chocolate?"),
    ("", "What does JSON stand for?"),
    ("", "Is it safe to eat at least one egg a day?"),
    ("", "Do not worry about me, I am fine. How are you?"),
    ("", "¿Cuántas frases tiene el himno nacional de España?"),
    ("", "hi"),
    ("", "Thanks, that helped a lot!"),
    ("", "Tell me about the history of tables in furniture design."),
]


@pytest.mark.parametrize(("letter", "slug"), LETTERS.items())
def test_categories_are_right_about_the_held_out_table(letter, slug):
    meant = {prompt for letters, prompt in HELD if letter in letters}
    found = {prompt for _, prompt in HELD if slug in classify_prompts([prompt])}

    assert len(found & meant) >= 0.9 * len(meant)
    assert len(found - meant) <= 1
