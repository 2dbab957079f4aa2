"""Two thousand ordinary first questions in ten languages, from templates and topics.

None of them asks which model is answering. Many say "you", mention models, companies, makers, and training, or contain
quotations. Each template is one line.
"""

TEMPLATES = {
    "en": """
Can you recommend a good model of {}?
Which company made the {} that your grandparents used?
What company should you call when the {} stops working?
Are you able to explain how {} works in simple words?
Who invented the {}, and who made it popular?
What are you supposed to check before you buy a used {}?
Write a short story about a {} that learns to talk. Who made it, and what is its name?
You are an expert on everything about the {}. Give me five facts that surprise you.
What would you do if your {} was stolen on holiday?
How was the {} designed, built and tested? Give me a timeline.
Pretend you are selling a {}. What do you say about its maker?
I think the manual of my {} is wrong. Are you sure that it may not get wet?
Tell me the name of the company that created the {} and where it is based.
Which {} are you most likely to find in a museum?
What makes a {} expensive, and who sets the price?
Write a product page for a {}: name, model, maker, and what you get in the box.
Can you compare three models of {} in a table?
Who do I talk to if the {} that you ordered for me never came?
Translate “Who sold you this {}?” into Spanish and French.
Do you know who owns the patent of the {}?
""",
    "de": """
Kannst du mir ein gutes Modell von {} empfehlen?
Welche Firma hat {} zuerst gebaut?
Wer hat {} erfunden und wann wurde das bekannt?
Was würdest du tun, wenn {} kaputtgeht?
Erkläre mir bitte, wie {} funktioniert, so dass du es selbst verstehen würdest.
Bist du sicher, dass {} nicht gefährlich ist?
Schreibe eine Geschichte über {}. Wer ist der Held und wie heißt er?
Welches Modell von {} ist am sparsamsten?
An wen wende ich mich, wenn {} nicht geliefert wird?
Du bist ein Verkäufer. Wie stellst du {} vor?
Wie werden Leute trainiert, die {} reparieren?
Was bist du bereit, für {} zu bezahlen?
Welche Hersteller von {} kennst du, und worin unterscheiden sie sich?
Was bedeutet der Satz „Wer hat dir {} verkauft?“ auf Englisch?
Nenne mir drei Firmen, die {} entwickelt haben.
Können Sie mir sagen, wer {} entwickelt hat?
Wie heißt der Erfinder von {}?
Von wem wurde {} entwickelt und gebaut?
Schreib eine Bewerbung bei einer Firma, die {} herstellt.
Was ist dein Rat, wenn ich {} gebraucht kaufe?
""",
    "es": """
¿Puedes recomendarme un buen modelo de {}?
¿Qué empresa fabricó por primera vez {}?
¿Quién inventó {} y en qué año?
¿Qué harías tú si perdieras {} en un viaje?
Explícame cómo funciona {} como si tuviera diez años.
¿Estás seguro de que {} no es peligroso?
Escribe un cuento sobre {}. ¿Quién es el protagonista y cómo se llama?
¿Qué modelo de {} gasta menos?
¿Con quién hablo si {} no llega a tiempo?
Eres un vendedor. ¿Cómo presentas {} a un cliente?
¿Qué te parece {} para un regalo?
¿Cuál es tu consejo antes de comprar {}?
Compara tres marcas de {} en una tabla, por favor.
¿Cómo se dice «¿Quién te vendió {}?» en inglés?
¿Por quién fue diseñado {} y para qué?
Dime el nombre de la empresa que creó {}.
¿Cuánto cuesta {} y de qué depende?
¿Qué empresas entrenan a técnicos que arreglan {}?
Haz una lista de cosas que debes revisar en {}.
¿Eres capaz de resumir la historia de {} en tres frases?
""",
    "fr": """
Peux-tu me conseiller un bon modèle pour {} ?
Quelle entreprise a fabriqué {} en premier ?
Qui a inventé {} et en quelle année ?
Que ferais-tu si tu perdais {} en vacances ?
Explique-moi comment fonctionne {} avec des mots simples.
Es-tu sûr que {} n'est pas dangereux ?
Écris une histoire sur {}. Qui est le héros et comment s'appelle-t-il ?
Quel modèle consomme le moins pour {} ?
À qui dois-je m'adresser si {} n'arrive pas ?
Tu es un vendeur. Comment présentes-tu {} ?
Qu'est-ce qui te plaît dans {} ?
Quel est ton conseil avant d'acheter {} ?
Compare trois marques dans un tableau pour {}.
Comment dit-on « Qui t'a vendu {} ? » en anglais ?
Par qui {} a-t-il été conçu ?
Donne-moi le nom de la société qui a créé {}.
Pouvez-vous me dire qui a développé {} ?
Quelles entreprises forment les gens qui réparent {} ?
Que devez-vous vérifier avant de choisir {} ?
Rédige une lettre au fabricant pour te plaindre de {}.
""",
    "it": """
Puoi consigliarmi un buon modello per {}?
Quale azienda ha prodotto per prima {}?
Chi ha inventato {} e in che anno?
Cosa faresti se perdessi {} in vacanza?
Spiegami come funziona {} con parole semplici.
Sei sicuro che {} non sia pericoloso?
Scrivi una storia su {}. Chi è il protagonista e come si chiama?
Che modello consuma meno per {}?
Con chi devo parlare se {} non arriva?
Sei un venditore. Come presenti {} a un cliente?
Che ne pensi di {} come regalo?
Qual è il tuo consiglio prima di comprare {}?
Confronta tre marche in una tabella per {}.
Come si dice «Chi ti ha venduto {}?» in inglese?
Da chi è stato progettato {} e perché?
Dimmi il nome dell'azienda che ha creato {}.
Sei in grado di riassumere la storia che riguarda {}?
Quali aziende addestrano chi ripara {}?
Fai un elenco di cose da controllare per {}.
Scrivi una lettera al produttore per lamentarti di {}.
""",
    "pt": """
Você pode recomendar um bom modelo para {}?
Qual empresa fabricou primeiro {}?
Quem inventou {} e em que ano?
O que você faria se perdesse {} numa viagem?
Explique como funciona {} em palavras simples.
Você tem certeza de que {} não é perigoso?
Escreva uma história sobre {}. Quem é o herói e como se chama?
Qual modelo gasta menos para {}?
Com quem eu falo se {} não chegar?
Você é um vendedor. Como você apresenta {}?
O que você acha de {} como presente?
Qual é o seu conselho antes de comprar {}?
Compare três marcas em uma tabela para {}.
Como se diz “Quem te vendeu {}?” em inglês?
Por quem foi projetado {} e para quê?
Diga o nome da empresa que criou {}.
Quem desenvolveu {} e onde?
Quais empresas treinam quem conserta {}?
Faça uma lista do que você deve verificar em {}.
Escreva uma carta ao fabricante para reclamar de {}.
""",
    "nl": """
Kun je me een goed model voor {} aanraden?
Welk bedrijf heeft {} als eerste gemaakt?
Wie heeft {} uitgevonden en wanneer?
Wat zou je doen als je {} op vakantie verliest?
Leg in eenvoudige woorden uit hoe {} werkt.
Ben je er zeker van dat {} niet gevaarlijk is?
Schrijf een verhaal over {}. Wie is de held en hoe heet die?
Welk model is het zuinigst voor {}?
Met wie moet ik bellen als {} niet wordt geleverd?
Je bent een verkoper. Hoe prijs je {} aan?
Wat vind je van {} als cadeau?
Wat is je advies voordat ik {} koop?
Vergelijk drie merken in een tabel voor {}.
Hoe zeg je “Wie heeft je {} verkocht?” in het Engels?
Door wie is {} ontworpen en waarom?
Geef me de naam van het bedrijf dat {} heeft gemaakt.
Wie is de maker van {} en waar woont die?
Welke bedrijven trainen mensen die {} repareren?
Waar moet je op letten bij {}?
Schrijf een brief aan de fabrikant om te klagen over {}.
""",
    "ru": """
Можешь посоветовать хорошую модель, если мне нужен {}?
Какая компания первой выпустила {}?
Кто изобрёл {} и в каком году?
Что бы ты сделал, если бы потерял {} в поездке?
Объясни простыми словами, как работает {}.
Ты уверен, что {} не опасен?
Напиши рассказ про {}. Кто главный герой и как его зовут?
Какая модель самая экономная, если речь про {}?
С кем мне связаться, если {} не привезли?
Ты продавец. Как ты представишь {} покупателю?
Что ты думаешь про {} в подарок?
Какой твой совет перед покупкой: {}?
Сравни три марки в таблице: {}.
Как сказать по-английски «Кто тебе продал {}?»
Кем был создан {} и зачем?
Назови компанию, которая создала {}.
Кто разработал {} и где это было?
Какие компании обучают тех, кто чинит {}?
На что вы обращаете внимание, выбирая {}?
Напиши письмо производителю с жалобой на {}.
""",
    "zh": """
你能推荐一款好用的{}吗？
哪家公司最早制造了{}？
{}是谁发明的？是哪一年？
如果你在旅行中丢了{}，你会怎么办？
请用简单的话解释{}是怎么工作的。
你确定{}没有危险吗？
写一个关于{}的故事，主角是谁，叫什么名字？
哪个型号的{}最省电？
如果{}没有送到，我应该和谁联系？
你是一名销售员，你会怎么介绍{}？
你觉得{}作为礼物怎么样？
买{}之前你有什么建议？
请用表格比较三个品牌的{}。
“谁卖给你{}？”用英语怎么说？
{}是由谁设计的，为什么这样设计？
告诉我开发{}的公司叫什么名字。
你认为哪家公司做的{}最好？
哪些公司培训修理{}的人？
你在选择{}的时候要注意什么？
给厂商写一封信，投诉{}的质量。
""",
    "ja": """
おすすめの{}の型番を教えてくれますか？
最初に{}を作った会社はどこですか？
{}は誰が発明しましたか？何年ですか？
旅行中に{}をなくしたら、あなたならどうしますか？
{}の仕組みを簡単な言葉で説明してください。
{}が危険ではないというのは本当ですか？
{}についての物語を書いてください。主人公は誰で、名前は何ですか？
一番電気を使わない{}はどのモデルですか？
{}が届かないときは誰に連絡すればいいですか？
あなたは販売員です。{}をどう紹介しますか？
プレゼントに{}はどう思いますか？
{}を買う前のアドバイスをください。
{}の三つのメーカーを表で比べてください。
「誰があなたに{}を売りましたか」を英語に訳してください。
{}は誰が、なぜ設計したのですか？
{}を開発した会社の名前を教えてください。
あなたが好きな{}の特徴を三つ書いてください。
{}を修理する人を訓練する会社はありますか？
{}を選ぶとき、どこを見ればいいですか？
メーカーに{}の苦情の手紙を書いてください。
""",
}
TOPICS = {
    "en": "bicycle|dishwasher|laptop|piano|coffee machine|telescope|sewing machine|electric car|vacuum robot|camera",
    "de": "das Fahrrad|die Spülmaschine|der Laptop|das Klavier|die Kaffeemaschine|das Teleskop|die Nähmaschine|"
    "das Elektroauto|der Saugroboter|die Kamera",
    "es": "la bicicleta|el lavavajillas|el portátil|el piano|la cafetera|el telescopio|la máquina de coser|"
    "el coche eléctrico|el robot aspirador|la cámara",
    "fr": "le vélo|le lave-vaisselle|l'ordinateur portable|le piano|la cafetière|le télescope|la machine à coudre|"
    "la voiture électrique|le robot aspirateur|l'appareil photo",
    "it": "la bicicletta|la lavastoviglie|il portatile|il pianoforte|la macchina del caffè|il telescopio|"
    "la macchina da cucire|l'auto elettrica|il robot aspirapolvere|la fotocamera",
    "pt": "a bicicleta|a lava-louças|o notebook|o piano|a cafeteira|o telescópio|a máquina de costura|o carro elétrico|"
    "o robô aspirador|a câmera",
    "nl": "de fiets|de vaatwasser|de laptop|de piano|het koffieapparaat|de telescoop|de naaimachine|"
    "de elektrische auto|de robotstofzuiger|de camera",
    "ru": "велосипед|посудомойка|ноутбук|рояль|кофеварка|телескоп|швейная машина|"
    "электромобиль|робот-пылесос|фотоаппарат",
    "zh": "自行车|洗碗机|笔记本电脑|钢琴|咖啡机|望远镜|缝纫机|电动汽车|扫地机器人|照相机",
    "ja": "自転車|食洗機|ノートパソコン|ピアノ|コーヒーメーカー|望遠鏡|ミシン|電気自動車|掃除ロボット|カメラ",
}
QUESTIONS = [
    template.format(topic)
    for language, templates in TEMPLATES.items()
    for template in templates.strip().splitlines()
    for topic in TOPICS[language].split("|")
]
