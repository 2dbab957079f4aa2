# ruff: noqa: RUF001  # letters of many scripts
"""The words and patterns that `arena.judging.topics` uses to recognize topics.

Precision matters more than recall. A word with other common meanings counts only if its sentence contains another word
of the topic.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from arena.judging.style_features import CHARACTER_COUNTED_SCRIPTS, strip_marks

WORD = re.compile(rf"\d++|[^\W\d_{CHARACTER_COUNTED_SCRIPTS}]++(?:\+\+|#)?")
CHARACTER_COUNTED_AS_WORD = re.compile(rf"[{CHARACTER_COUNTED_SCRIPTS}]")
PHRASE_SIZES = range(1, 4)


def split_words(text: str) -> list[str]:
    return WORD.findall(strip_marks(text).casefold())


@dataclass(frozen=True)
class Sentence:
    """A sentence with its words and all of its phrases of up to three words."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return split_words(self.text)

    @cached_property
    def phrases(self) -> frozenset[str]:
        words = self.words
        return frozenset(
            " ".join(words[start : start + size]) for size in PHRASE_SIZES for start in range(len(words) - size + 1)
        )


class Vocabulary:
    """A set of words and short phrases, which are separated by bars or line breaks.

    A sentence is `in` the vocabulary if it contains one of them.
    """

    def __init__(self, lines: str) -> None:
        terms = {term.strip() for term in lines.replace("\n", "|").split("|") if term.strip()}
        unspaced = {term for term in terms if CHARACTER_COUNTED_AS_WORD.search(term)}
        self.phrases = frozenset(" ".join(split_words(term)) for term in terms - unspaced)
        self._unspaced = re.compile("|".join(sorted(map(re.escape, unspaced)))) if unspaced else None

    def __contains__(self, sentence: Sentence) -> bool:
        if not self.phrases.isdisjoint(sentence.phrases):
            return True
        return bool(self._unspaced and not sentence.text.isascii() and self._unspaced.search(sentence.text))


def build_alternation(patterns: str | Sequence[str]) -> str:
    """Return a pattern that matches any of these patterns. A string contains patterns separated by whitespace."""
    alternatives = patterns.split() if isinstance(patterns, str) else patterns
    return f"(?:{'|'.join(alternatives)})"


def compile_alternation(*patterns: str) -> re.Pattern[str]:
    return re.compile(build_alternation(patterns))


# --- coding
CODE_LANGUAGES = frozenset(
    split_words("""
    bash sh shell zsh console powershell python py javascript js jsx typescript ts tsx java kotlin scala c cpp c++ cs c#
    csharp go golang rust rs ruby rb php perl r matlab julia sql html css scss xml json yaml yml toml ini diff
    dockerfile makefile lua swift dart haskell elixir vue svelte asm vb
    """)
)
_CODE_AT_START = (
    r"(?:async )?def \w+\(",
    r"class \w+(?:\(\w*\))?:\s*$",
    r"from [\w.]+ import\b",
    r"import [\w.]+(?: as \w+|;)",
    r"for \w+ in .{1,80}:\s*$",
    r"at [\w.$<>]{3,200}\([\w.]{1,100}:\d+\)",
)
_CODE_AT_WORD = (
    r"public (?:static|class|void|int)\b",
    r"function\s{0,3}\w{0,40}\([^()\n]{0,200}\)\s{0,3}\{",
    r"console\.log\(|System\.out\.print",
    r"(?:print|printf|println|echo|len|range|malloc|sizeof)\([\w\"'&]",
    r"SELECT\b.{1,200}\bFROM\b|INSERT INTO\b|CREATE TABLE\b",
    r"git (?:pull|push|rebase|commit|merge|clone|checkout|stash|reset)\b",
    r"(?:npm (?:install|run)|pip install|docker (?:run|build|compose)|kubectl|apt-get|sudo \w+)\b",
    r"[A-Z]\w{1,40}(?:Error|Exception)\b|undefined is not\b|[Ss]egmentation fault\b",
    r"(?:for|while|if|switch) ?\([^()\n]{1,200}\) ?\{",
    r"(?:const|let|var) \w+ ?= ?\S|(?:int|float|char|string|double|void|bool)\*? \w+ ?(?:=|\(|\[)",
)
CODE_PATTERN = re.compile(
    rf"^\s{{0,40}}{build_alternation(_CODE_AT_START)}|\b{build_alternation(_CODE_AT_WORD)}"
    r"|#include\s{0,3}[<\"]|Traceback \(most recent call last\)"
    r"|</(?:div|span|p|a|ul|li|html|body|head|script|table|td|h\d)>"
    r"|<(?:div|span|html|script|input|button|form|img)(?:\s[^<>\n]{0,200})?>"
)
CODE_HINT = re.compile(
    r"[;{}]\s*$|^\s*\w[\w.\[\]]{0,60} ?(?:[-+*/|&]?=|:=) ?[^=\s]|(?:==|!=|&&|\|\||->|=>|::)|^\s*(?://|/\*|#!)"
)
TOOLS = Vocabulary("""
    flask|tkinter|js|in c|in go|in r|c语言|nginx|python|python3|javascript|typescript|java|c++|c#|php|sql|mysql
    postgresql|postgres|sqlite|mongodb|kotlin|html|css|bash|powershell|matlab|django|numpy|jquery|node js|nodejs
    react|reactjs|vue|fastapi|pytorch|tensorflow|kubernetes|docker|vba|haskell|golang|scala|fortran|cobol|perl
    git|linux shell|pandas
""")
WORDLIKE_TOOLS = Vocabulary("rust|ruby|swift|dart|julia|elixir")
TOOL_PREPOSITIONS = frozenset(split_words("in to into with using auf mit en avec con na на с в nach dans por"))
CODE_TERMS = Vocabulary("""
    statement|deployed|base de datos|base de données|datenbank|базе данных|установить|installiere
    installer|instalar|排序|function|functions|loop|loops|array|arrays|dictionary|dictionaries|dict|tuple|class
    classes|constructor|decorator|decorators|exception|exceptions|script|scripts|code|program|programs|component
    components|callback|async|await|promise|thread|threads|pointer|pointers|variable|variables|parse|json|csv
    api|endpoint|query|queries|join|joins|index|string|strings|regex|compile|compiler|debug|bug|error|errors
    sort|iterate|recursion|recursive|lambda|generator|generators|inheritance|interface|struct|dataframe
    dataframes|container|containers|image|deploy|div|flexbox|selector|cli|unit test|memory leak|branch|merge
    rebase|commit|file|files|install|keyword|static|hex|button|page|list comprehension|list comprehensions
    closure|closures|garbage collector|lifetimes|borrow checker|funktion|funktionen|schleife|skript|programm
    klasse|liste|zeichenkette|fehler|datei|seite|sortieren|sortiere|variablen|abfrage|fonction|fonctions|boucle
    classe|tableau|chaîne|erreur|fichier|trier|requête|dictionnaire|función|funciones|bucle|código|programa
    lista|cadena|archivo|ordenar|ordeno|consulta|diccionario|diccionarios|функцию|функция|функции|цикл|скрипт
    программу|программа|код|класс|массив|список|строка|строку|ошибка|ошибку|файл|запрос|函数|函數|代码|代碼|程序|脚本|列表|数组
    循环|类|接口|报错|爬虫|查询|関数|コード|プログラム|配列|エラー|함수|코드|프로그램|배열|오류
""")
CODING_VERBS = Vocabulary("""
    write|implement|refactor|debug|optimize|optimise|build|create|make|develop|convert|port|schreibe|schreib
    programmiere|implementiere|erstelle|écris|programme|implémente|crée|escribe|programa|implementa|crea|напиши
    напишите|реализуй|создай|写|编写|实现|生成|書いて|実装|작성|구현|만들어
""")
PROGRAM_TERMS = Vocabulary("""
    function that|function to|function which|method that|script that|script to|program that|code that|code to
    code for|algorithm that|algorithm to|algorithm for|web app|web page|webpage|landing page|chrome extension
    discord bot|telegram bot|website|webseite|site web|sitio web|сайт|网站|api endpoint|rest endpoint|crud app
    funktion die|skript das|programm das|fonction qui|script qui|programme qui|función que|programa que
    script que|функцию которая|программу которая|скрипт который|函数|代码|程序|脚本
""")
UNAMBIGUOUS_CODE = Vocabulary("""
    let and var|var and let|my code|this code|sql statement|vimrc|exit vim|regex|regular expression|dockerfile|segfault
    nullpointerexception|unit tests for|sql query|sql queries|linked list|binary search tree|binary search
    hash map|hashmap|merge sort|quicksort|time complexity|rest api|merge conflict|stack trace|source code
    pseudocode|leetcode|css selector|bash script|shell script|python script|python code|python program
    javascript code|java program|html page|c++ program|dynamic programming|race condition|memory leak
    null pointer|git rebase|pull request|list comprehension|regulären ausdruck|regulärer ausdruck
    expression régulière|expresión regular|регулярное выражение|python skript|bash skript|正则表达式|单元测试
""")

# --- math
FORMULA = compile_alternation(
    r"\\(?:frac|int|iint|sum|sqrt|lim|prod|infty|partial|nabla|mathbb|binom|cdot|leq|geq|begin\{[bpv]?matrix\})(?![a-z])",
    r"[∫∑∏√∂∇∮∀∃∈∉⊂⊆≡≅]",
    r"(?<![\w.'])\d{0,9}[a-ln-z] ?(?:\^ ?[({-]?\w|[²³])",
    r"(?<![\w.])\d{0,9}[a-z] ?[-+*−] ?\d{0,9}[a-z]? ?= ?[-\da-z]",
    r"(?<![\w.])\d{1,9}[a-z] ?(?:[-+*−] ?\d{1,9}[a-z]? ?)?= ?-?\d",
    r"\b[fgh]\([xyt]\) ?=",
    r"(?<![\w.\])])\(\d{1,9}[a-z] ?[-+−] ?\d",
    r"(?<![\w.])(?:sqrt|log|ln|sin|cos|tan)\d{0,2}\(\d",
    r"\d ?% ?(?:of|von|de|del|di|от) \$?\d",
)  # fmt: skip
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
ARITHMETIC_ONLY = re.compile(
    r"[\d\s().,]*\d\s?\)?(?:\s?[+*×÷^]\s?|\s[-/]\s|[-/](?=[\d\s]*=))\(?\d[\d\s+\-*/×÷^().,=?]*"
)
ARITHMETIC = re.compile(r"\d\s?[*+×÷^]\s?\d|\d\s[-−/x]\s\d|\d\s?(?:plus|minus|times|mal|fois|por|divided by)\s\d")
CALCULATION_REQUESTS = Vocabulary("""
    calculate|compute|evaluate|solve|what is|what s|whats|how much is|simplify|berechne|rechne|was ist
    wie viel ist|was ergibt|calcule|combien font|combien fait|calcula|cuánto es|cuanto es|вычисли|посчитай
    сколько будет|est le résultat|计算|等于多少|はいくつ|얼마
""")
MATH_TASKS = Vocabulary("""
    solve|find|calculate|compute|evaluate|prove|disprove|simplify|factor|factorize|factorise|differentiate
    integrate|determine|derive|minimize|maximize|show that|löse|berechne|bestimme|beweise|vereinfache|finde
    zeige|résous|résoudre|calcule|calculer|démontre|démontrer|prouve|détermine|trouve|simplifie|resuelve|calcula
    halla|demuestra|encuentra|simplifica|реши|решите|найди|найдите|вычисли|вычислите|докажи|докажите|упрости|求
    计算|证明|解方程|を求め|証明|구하|증명
""")
MATH_OBJECTS = Vocabulary("""
    derivative|integral|integrals|equation|equations|eigenvalue|eigenvalues|eigenvectors|determinant|matrix
    matrices|polynomial|logarithm|hypotenuse|circumference|perimeter|square root|cube root|factorial|gcd|lcm
    greatest common divisor|least common multiple|prime number|prime numbers|primes|prime factors|factorization
    theorem|lemma|quadratic|parabola|cosine|sine|tangent line|standard deviation|arithmetic sequence
    geometric series|vector space|irrational|ableitung|gleichung|gleichungssystem|eigenwerte|quadratwurzel
    primzahlen|satz des pythagoras|stammfunktion|flächeninhalt|dérivée|intégrale|équation|équations|matrice
    racine carrée|nombres premiers|théorème|derivada|ecuación|ecuaciones|matriz|raíz cuadrada|números primos
    teorema|производную|интеграл|уравнение|уравнения|матрицы|теорему|простых чисел|导数|積分|积分|方程
    矩阵|质数|极限|定理|最小值|最大值|方程式|微分|방정식|적분|미분
""")
UNAMBIGUOUS_MATH = Vocabulary("""
    by induction|expected value of|to radians|twice as old|quadratwurzel aus|derivative of|integral of
    square root of|cube root of|determinant of|eigenvalues of|factorial of|area of a|volume of a|finite group
    abelian|isomorphic|homomorphism|bijective|solve for x|solve for y|prime factorization of|roots of the
    log base|modulo|ableitung von|integral von|wurzel aus|quadratwurzel von|dérivée de|racine carrée de
    intégrale de|derivada de|integral de|raíz cuadrada de|производная функции|корень из|的导数|的平方根|的积分
""")
NUMERIC_TOPICS = Vocabulary("""
    面积|体积|周长|triangle|circle|rectangle|dreieck|dreiecks|kreises|triángulo|треугольника|三角形|prime|prime number
    sum of the|probability|odds|how many ways|different ways|wahrscheinlichkeit|probabilité|probabilidad
    вероятность|概率|確率|확률
""")
CHANCE_OBJECTS = Vocabulary(
    "dice|die|coin|coins|cards|deck|marbles|balls|heads|würfel|münze|dés|pièce|dados|moneda|кубик|монету|骰子|硬币"
)
AMOUNT_QUESTIONS = Vocabulary("""
    how many|how much|how far|how fast|how long does|how long will|total|average speed|wie viele|wie viel
    wie lange|combien|cuántos|cuántas|cuánto|сколько|多少|何個|몇
""")
QUANTITY = re.compile(
    rf"\d(?:[.,]\d+)?\s?(?:%|(?!(?:and|or|und|oder|et|ou|y|o|to|bis)\b)[^\W\d_A-Z]{{2,}}|[{CHARACTER_COUNTED_SCRIPTS}])|[$€£]\d"
)
SUPPOSITION_WORDS = Vocabulary("if|suppose|wenn|falls|si|если|如果|もし")

# --- creative writing
WRITING_VERBS = frozenset(
    split_words("""
    write compose create invent tell generate continue craft make give sing finish rewrite draft escribir écrire
    escrever scrivere написать schreib schreibe schreiben erfinde erzähl erzähle dichte verfasse écris écrivez raconte
    invente rédige imagine escribe escríbeme cuéntame cuenta invéntate inventa compón crea escreva conte
    crie componha scrivi raccontami componi schrijf vertel verzin
    напиши напишите сочини придумай расскажи продолжи skriv berätta
    fortæl napisz opowiedz napiš yaz anlat tulis tuliskan
""")
)
CREATIVE_FORMS = frozenset(
    split_words("""
    poem poems poetry haiku sonnet limerick ballad story stories tale fable novel novella lyrics song rap screenplay
    monologue dialogue dialog fanfiction fanfic parody joke jokes riddle verse verses myth legend stanza lullaby
    gedicht gedichte geschichte märchen kurzgeschichte lied liedtext witz roman fabel reim poème poésie histoire conte
    chanson nouvelle blague poema cuento historia canción chiste relato fábula novela soneto poesía poesia história
    conto canção piada storia racconto canzone barzelletta favola verhaal sprookje liedje mop стихотворение стих стихи
    рассказ сказку песню историю анекдот роман поэму басню dikt saga digt eventyr wiersz opowiadanie bajkę báseň
    pohádku şiir hikaye masal puisi cerita
""")
)
CREATIVE_PHRASES = Vocabulary("""
    short story|fairy tale|bedtime story|opening chapter|first chapter of|movie script|stand up routine
    continue the story|continue this story
""")
BLOCKING_WORDS = frozenset(
    split_words("""
    about on of for from to analysis analyse summary review report essay explanation email letter function code
    program script class user users cover true news history life full whole über von für zu zur aus zusammenfassung
    sur pour résumé sobre de análisis resumen para про о об анализ для parts that which who meaning author title name
    names my our your his her their its mon ma meine unsere mi su
""")
)
MAX_GAP = 5
WORDS_NEAR = 4
MODAL_VERBS = frozenset(split_words("kannst könntest kunt kun"))
OPENING_WORDS = frozenset(split_words("a an the short funny little ein eine kurzes un une una"))
ABOUT_WORDS = frozenset(split_words("about on über sur sobre о про su over om"))
COMPOUND_HEADS = frozenset(
    split_words("analysis analyse review summary zusammenfassung generator idea ideas title titles")
)
DEFINITE_ARTICLES = frozenset(split_words("the der die das den la le el il o a"))
OF_PREPOSITIONS = frozenset(split_words("of to from von aus de du del di"))
ROLE_PLAY = Vocabulary("let s role|let s roleplay|lets roleplay|lets role play")
HOW_WORDS = frozenset(split_words("how wie comment cómo como как come hoe hur jak"))
CREATIVE_UNSPACED = compile_alternation(
    r"(?:写|寫|创作|創作|讲|講|编)[^。\n]{0,20}(?:诗|詩|故事|小说|小說|歌词|歌詞|剧本|童话|笑话)",
    r"(?:詩|物語|小説|俳句|歌詞|童話|脚本)[^。\n]{0,10}(?:書い|作っ|考え)",
    r"(?:시|소설|이야기|동화|가사)[를을]?[^.\n]{0,10}(?:써|지어|만들어|들려)",
)
ANALYSIS_PHRASES = Vocabulary(
    "分析|评论|總結|总结|读后感|感想文|評論|analysis of|summary of|review of|essay about|essay on"
)
