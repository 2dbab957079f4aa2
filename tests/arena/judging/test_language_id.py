"""Short prompts in 32 languages, and texts in no certain language."""

import subprocess
import sys
import time

import pytest

from arena.judging import language_id
from arena.judging.language_id import LANGUAGES, detect_language
from tests.races import at_once

# The threshold was chosen on these.
CHOSEN = """
English: How do I boil an egg? | What is the capital of Australia and why is it not Sydney?
    explain black holes to a child | write me a short poem about the sea | Give me five ideas for a birthday party
German: Wie lange muss ein Ei kochen? | Warum ist der Himmel blau? | Schreib mir ein kurzes Gedicht über den Herbst.
    erkläre mir bitte die Mehrwertsteuer | Nenne drei Gründe für den Ersten Weltkrieg
French: Comment faire cuire un œuf ? | Pourquoi le ciel est-il bleu ? | Écris un poème sur la mer
    donne-moi cinq idées de repas pour ce soir | Quelle est la différence entre un virus et une bactérie ?
Spanish: ¿Cómo se hace una tortilla de patatas? | ¿Por qué el cielo es azul?
    escribe un cuento corto sobre un dragón | Dame tres consejos para dormir mejor
    explícame la inflación con un ejemplo sencillo
Portuguese: Como faço para aprender a tocar violão? | Por que o céu é azul? | escreva um poema sobre a saudade
    Quais são os melhores livros do Brasil? | me explique o que é inflação
Italian: Come si cucina la carbonara? | Perché il cielo è blu? | scrivi una poesia sul mare
    Quali sono i migliori libri da leggere quest'anno? | spiegami la differenza tra latte e panna
Dutch: Hoe lang moet een ei koken? | Waarom is de lucht blauw? | schrijf een kort gedicht over de zee
    Wat zijn goede boeken om te lezen? | leg uit wat een zwart gat is
Swedish: Hur länge ska man koka ett ägg? | Varför är himlen blå? | skriv en kort dikt om havet
    Vilka böcker borde jag läsa i sommar?
Danish: Hvor længe skal et æg koge? | Hvorfor er himlen blå? | skriv et kort digt om havet
    Hvilke bøger skal jeg læse til sommer?
Norwegian: Hvor lenge skal man koke et egg? | Hvorfor er himmelen blå? | skriv et kort dikt om havet
    Hvilke bøker bør jeg lese i sommer?
Finnish: Kuinka kauan kananmunaa pitää keittää? | Miksi taivas on sininen? | kirjoita lyhyt runo merestä
    Mitä kirjoja minun kannattaisi lukea?
Polish: Jak długo gotować jajko na twardo? | Dlaczego niebo jest niebieskie? | napisz krótki wiersz o morzu
    Jakie książki warto przeczytać w tym roku?
Czech: Jak dlouho se vaří vejce natvrdo? | Proč je obloha modrá? | napiš krátkou báseň o moři
    Jaké knihy bych si měl přečíst?
Slovak: Ako dlho sa varí vajce natvrdo? | Prečo je obloha modrá? | napíš krátku báseň o mori
Hungarian: Meddig kell főzni egy tojást? | Miért kék az ég? | írj egy rövid verset a tengerről
    Milyen könyveket érdemes elolvasni?
Romanian: Cât timp trebuie fiert un ou? | De ce este cerul albastru? | scrie o poezie scurtă despre mare
    Ce cărți ar trebui să citesc anul acesta?
Turkish: Bir yumurta kaç dakikada haşlanır? | Gökyüzü neden mavidir? | deniz hakkında kısa bir şiir yaz
    Bu yaz hangi kitapları okumalıyım?
Vietnamese: Luộc trứng trong bao lâu thì chín? | Tại sao bầu trời có màu xanh? | viết một bài thơ ngắn về biển
    Tôi nên đọc những cuốn sách nào?
Indonesian: Berapa lama merebus telur sampai matang? | Mengapa langit berwarna biru?
    tuliskan puisi pendek tentang laut | Buku apa yang sebaiknya saya baca?
Russian: Сколько варить яйцо вкрутую? | Почему небо голубое? | напиши короткое стихотворение о море
    Какие книги стоит прочитать этим летом?
Ukrainian: Скільки варити яйце круто? | Чому небо блакитне? | напиши короткий вірш про море
    Які книжки варто прочитати цього літа?
Bulgarian: Колко време се вари яйце? | Защо небето е синьо? | напиши кратко стихотворение за морето
Greek: Πόση ώρα βράζει ένα αυγό; | Γιατί ο ουρανός είναι μπλε; | γράψε ένα σύντομο ποίημα για τη θάλασσα
Arabic: كم من الوقت يحتاج سلق البيض؟ | لماذا السماء زرقاء؟ | اكتب قصيدة قصيرة عن البحر
    ما هي أفضل الكتب التي يجب أن أقرأها؟
Persian: چقدر طول می‌کشد تا تخم مرغ آب‌پز شود؟ | چرا آسمان آبی است؟ | یک شعر کوتاه درباره دریا بنویس
Hebrew: כמה זמן צריך לבשל ביצה? | למה השמיים כחולים? | כתוב שיר קצר על הים
Hindi: अंडा उबालने में कितना समय लगता है? | आसमान नीला क्यों होता है? | समुद्र पर एक छोटी कविता लिखो
Bengali: ডিম সিদ্ধ করতে কতক্ষণ লাগে? | আকাশ নীল কেন?
Thai: ต้มไข่นานแค่ไหน | ทำไมท้องฟ้าถึงเป็นสีฟ้า
Chinese: 煮鸡蛋要多久？ | 天空为什么是蓝色的？ | 写一首关于大海的短诗 | 請推薦五本適合夏天讀的書
Japanese: 卵は何分ゆでればいいですか？ | 空はなぜ青いのですか？ | 海についての短い詩を書いてください
Korean: 달걀은 얼마나 삶아야 하나요? | 하늘은 왜 파란가요? | 바다에 대한 짧은 시를 써 줘
"""
HELD_OUT = """
English: Which planet has the most moons? | translate this email into a more polite tone
    who won the first football world cup | My cat keeps scratching the sofa, what can I do?
German: Welcher Planet hat die meisten Monde? | Formuliere diese E-Mail höflicher
    Meine Katze kratzt am Sofa, was tun? | wer gewann die erste Fußball-WM
French: Quelle planète a le plus de lunes ? | rédige un courriel poli pour mon patron
    Mon chat griffe le canapé, que faire ?
Spanish: ¿Qué planeta tiene más lunas? | redacta un correo educado para mi jefe
    Mi gato araña el sofá, ¿qué puedo hacer?
Portuguese: Qual planeta tem mais luas? | escreva um e-mail educado para o meu chefe
    Meu gato arranha o sofá, o que posso fazer?
Italian: Quale pianeta ha più lune? | scrivi una mail gentile al mio capo
    Il mio gatto graffia il divano, cosa posso fare?
Dutch: Welke planeet heeft de meeste manen? | schrijf een beleefde mail aan mijn baas
    Mijn kat krabt aan de bank, wat kan ik doen?
Swedish: Vilken planet har flest månar? | skriv ett artigt mejl till min chef
    Min katt klöser på soffan, vad kan jag göra?
Danish: Hvilken planet har flest måner? | skriv en høflig mail til min chef
    Min kat kradser i sofaen, hvad kan jeg gøre?
Norwegian: Hvilken planet har flest måner? | skriv en høflig e-post til sjefen min
    Katten min klorer på sofaen, hva kan jeg gjøre?
Finnish: Millä planeetalla on eniten kuita? | kirjoita kohtelias sähköposti pomolleni
    Kissani raapii sohvaa, mitä voin tehdä?
Polish: Która planeta ma najwięcej księżyców? | napisz uprzejmy mail do mojego szefa
    Mój kot drapie kanapę, co mogę zrobić?
Czech: Která planeta má nejvíce měsíců? | napiš zdvořilý e-mail mému šéfovi
    Moje kočka škrábe pohovku, co mám dělat?
Slovak: Ktorá planéta má najviac mesiacov? | Moja mačka škriabe pohovku, čo mám robiť?
Hungarian: Melyik bolygónak van a legtöbb holdja? | írj egy udvarias levelet a főnökömnek
    A macskám kaparja a kanapét, mit tegyek?
Romanian: Care planetă are cei mai mulți sateliți? | scrie un e-mail politicos șefului meu
    Pisica mea zgârie canapeaua, ce pot face?
Turkish: Hangi gezegenin en çok uydusu var? | patronuma kibar bir e-posta yaz
    Kedim koltuğu tırmalıyor, ne yapabilirim?
Vietnamese: Hành tinh nào có nhiều mặt trăng nhất? | viết một email lịch sự cho sếp của tôi
Indonesian: Planet mana yang punya bulan paling banyak? | tulis email sopan untuk atasan saya
    Kucing saya mencakar sofa, apa yang harus saya lakukan?
Russian: У какой планеты больше всего спутников? | напиши вежливое письмо начальнику
    Мой кот царапает диван, что делать?
Ukrainian: Яка планета має найбільше супутників? | напиши ввічливого листа моєму керівникові
    Мій кіт дряпає диван, що робити?
Bulgarian: Коя планета има най-много спътници? | Котката ми драска дивана, какво да правя?
Greek: Ποιος πλανήτης έχει τα περισσότερα φεγγάρια; | γράψε ένα ευγενικό μήνυμα στον προϊστάμενό μου
Arabic: أي كوكب لديه أكبر عدد من الأقمار؟ | اكتب رسالة مهذبة إلى مديري
Persian: کدام سیاره بیشترین قمر را دارد؟ | یک ایمیل مودبانه برای رئیسم بنویس
Hebrew: לאיזה כוכב לכת יש הכי הרבה ירחים? | כתוב מייל מנומס לבוס שלי
Hindi: किस ग्रह के सबसे ज़्यादा चाँद हैं? | मेरे बॉस को एक विनम्र ईमेल लिखो
Bengali: কোন গ্রহের সবচেয়ে বেশি চাঁদ আছে? | আমার বসকে একটি ভদ্র ইমেল লেখো
Thai: ดาวเคราะห์ดวงไหนมีดวงจันทร์มากที่สุด | เขียนอีเมลสุภาพถึงหัวหน้าของฉัน
Chinese: 哪颗行星的卫星最多？ | 帮我给老板写一封礼貌的邮件
Japanese: 一番衛星が多い惑星はどれですか？ | 上司に丁寧なメールを書いてください
Korean: 위성이 가장 많은 행성은 무엇인가요? | 상사에게 공손한 이메일을 써 줘
"""
UNCERTAIN = r"""
2+2
1 2 3 5 8 13 21
😀😀🎉
hi
ok
lol
test
x^2 + y^2 = z^2
for i in range(10): print(i)
SELECT * FROM users WHERE id = 5;
https://example.com/some/path
asdfghjkl
aaaaaaaaaaaaaaaaaaa
qwertz uiop
hmm
???
GPT
import numpy as np; np.zeros((3, 3))
const a = b.map(x => x * 2)
\frac{1}{2} \int_0^1 x^2 dx
C#
Berlin
Paris Tokyo London
Kubernetes Docker Helm
pneumonoultramicroscopicsilicovolcanoconiosis
ATCGATCGATTAGC
3.14159
#include <stdio.h>
<div class="box"></div>
git commit -m
no
sudo apt install
xyz abc def
"""


def read(table):
    spoken, prompts = "", []
    for line in table.strip().splitlines():
        name, colon, rest = line.partition(": ")
        headed = bool(colon) and not line.startswith(" ")
        spoken = name if headed else spoken
        prompts += [(spoken, prompt.strip()) for prompt in (rest if headed else line).split(" | ")]
    return prompts


@pytest.mark.slow
@pytest.mark.parametrize(("table", "least"), [(CHOSEN, 0.93), (HELD_OUT, 0.97)])
def test_language_is_rarely_unknown_and_hardly_ever_wrong(table, least):
    prompts = read(table)
    found = [detect_language(prompt) for _, prompt in prompts]
    right = sum(name == spoken for name, (spoken, _) in zip(found, prompts, strict=True))

    assert len({spoken for spoken, _ in prompts}) == 32
    assert right >= least * len(prompts)
    assert len(prompts) - found.count(None) - right <= 1


@pytest.mark.parametrize("text", ["", " \n", *UNCERTAIN.strip().splitlines()])
def test_language_is_none_where_nothing_is_certain(text):
    assert detect_language(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Warum geht das nicht?\n```python\nprint('this is an English sentence in the code')\n```", "German"),
        ("Pourquoi cette page ne marche pas ? https://example.com/this/is/the/english/part", "French"),
        ("Was ist das Integral von $x^2 + 3x$ auf dem Intervall?", "German"),
        ("```\nthis is only a sentence inside of a block of code\n```", None),
        ("the the the cat sat on the mat and looked at me " * 3_000, "English"),
        ("Bjørnen sover ikke i vinter fordi den er veldig sulten", "Norwegian"),
    ],
)
def test_language_is_that_of_the_prose(text, expected):
    assert detect_language(text) == expected


def test_languages_have_one_name_each_but_written_norwegian():
    assert len(LANGUAGES) == len(set(LANGUAGES.values())) + 1


@pytest.mark.parametrize("piece", ["a", "a\u0301\u0327", "\u0301\u0327", "x(", "\n", "```\n", "我", "<", "a b "])
def test_language_takes_linear_time_whatever_the_text(piece):
    began = time.process_time()

    detect_language(piece * (32_000 // len(piece)))

    assert time.process_time() - began < 5


@pytest.mark.slow
def test_model_is_loaded_once_however_many_ask_at_once():
    language_id._load_identifier.cache_clear()

    assert at_once(20, lambda number: detect_language("Bonjour tout le monde")) == ["French"] * 20
    assert language_id._load_identifier.cache_info().misses == 1


@pytest.mark.slow
def test_load_leaves_nothing_for_the_first_vote_to_wait_for():
    language_id._load_identifier.cache_clear()
    language_id.preload_identifier()
    detect_language("Where is the next station, please?")
    assert language_id._load_identifier.cache_info().misses == 1


@pytest.mark.slow
def test_model_is_in_a_file_and_hardly_in_the_memory_of_the_process():
    code = """
import numpy, psutil
from arena.judging.language_id import preload_identifier
from core.process import return_freed_memory

own = lambda: psutil.Process().memory_full_info().uss / 2**20
before = own()
preload_identifier()
return_freed_memory()
print(own() - before)"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert float(result.stdout) < 20  # the model has 60 MB
