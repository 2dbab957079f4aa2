"""The words around a name that show whether it means the model itself, another model, or something else."""

from arena.judging.fuzzy_match import tokenize_text


def _parse_words(lines: str) -> frozenset[str]:
    """Split the lines into folded words. Chinese, Japanese, and Korean are split into characters."""
    return frozenset(tokenize_text(lines).words)


def _parse_phrases(lines: str) -> frozenset[tuple[str, ...]]:
    return frozenset(
        tuple(tokenize_text(phrase).words) for phrase in lines.replace("\n", "|").split("|") if phrase.strip()
    )


FIRST_PERSON = _parse_words("i my me myself")
# Phrases that can come before a model's own name, or before words such as "an AI model made by".
OPENERS = _parse_phrases("""
    i am|i'm|i was|i've been|i have been|my name is|my name's|i go by|i identify as|call me|calls me
    i run on|i am running on|i'm running on|my underlying model is|my base model is|the model behind me is|my model is
    you are talking to|you're talking to|you are talking with|you're talking with
    you are speaking to|you're speaking to|you are speaking with|you're speaking with
    you are chatting to|you're chatting to|you are chatting with|you're chatting with
    ich bin|bin ich|ich heiße|mein name ist|ich wurde|wurde ich|soy|me llamo|mi nombre es|he sido
    je suis|je m'appelle|mon nom est|j'ai été|mi chiamo|il mio nome è|sono stato|sono stata
    eu sou|sou|meu nome é|me chamo|eu fui|fui|ik ben|ik heet|mijn naam is|ik werd|jag är|jag heter|mitt namn är
    jeg er|jeg heter|jeg hedder|mit navn er|jestem|nazywam się|mam na imię|zostałem|jsem|jmenuji se|benim adim|ben bir
    saya adalah|nama saya|tôi là|tên tôi là|меня зовут|мене звати|мое имя|olen|nimeni on|vagyok|είμαι|انا|اسمي
    我是|我叫|我的名字是|我由|我的名字叫|私は|僕は|私の名前は|저는|나는|제 이름은
""")
# Like `OPENERS`, but only if a dash precedes the name, or a word from `MADE_BY_WORDS` or `AI_TERMS` is next to it.
WEAK_OPENERS = _parse_phrases("я|меня|мене|ben|sono|मैं|मुझे|мною|minut|mich hat")
# After an opener, as in "I am using" or "I was at", these words show that a person's activity is meant.
ACTIVITY_WORDS = _parse_words("using with at on")
AS_OPENERS = _parse_phrases("as")
THIS_IS_OPENERS = _parse_phrases("this is")
MAKER_OPENERS = _parse_phrases("""
    my creator|my creators|my developer|my developers|my maker|my makers|my trainers|my parent company|my engineers
    created me|made me|built me|trained me|developed me|designed me|mein entwickler|meine entwickler|mon créateur
    mes créateurs|mi creador|mis creadores|meu criador|meus criadores
""")
MAKER_NOUNS = _parse_words("creator creators developer developers maker makers trainer trainers")
ARTICLES = _parse_words("a an the ein eine der die das un une una uma um el la le il en et")
PREPOSITIONS = _parse_words("""
    by from of at on using with von vom bei par chez por de da do di door bij av fra przez od tarafindan oleh bởi от
    компанией
""")
RELATIVES = _parse_words("who that which where whose")
MADE_BY_WORDS = _parse_words("""
    made created trained built developed designed engineered programmed produced based powered released tuned
    finetuned entwickelt entwickelte entwickeltes trainiert trainiertes erstellt erschaffen geschaffen gebaut
    desarrollado desarrollada entrenado entrenada creado creada diseñado développé entraîné créé conçu conçue
    desenvolvido desenvolvida treinado criado sviluppato addestrato creato ontwikkeld getraind gemaakt utvecklad
    utvecklats tränats skapad udviklet utviklet trænet laget opracowany stworzony wytrenowany stworzyła stworzonym
    vyvinutý vytvořený vyvinut geliştirilen geliştirildim geliştirilmiş eğitilmiş eğitilen dikembangkan dilatih phát
    triển разработан разработана разработанная разработанный создан создана созданная созданный создала обучен
    обучена обученная обученный разработала розроблений розроблена створений створена kehittämä kehittänyt
    fejlesztett 训練练研开發创造開発作学習訓개훈련만든
""")
AI_TERMS = _parse_words("""
    instance version variant family ai model models assistant chatbot bot llm llms ki modell sprachmodell assistent
    ia modelo asistente modèle assistante modello assistente taalmodel språkmodell sprogmodel język językowy modelem
    asystent asystentem asystentka modeli modeliyim yapay asistan asistaniyim kecerdasan asisten модель модел
    языковая помощник ассистент нейросеть мовна tekoälymalli kielimalli nyelvi 模助机智能モデアシ모델어시
""")
FILLERS = PREPOSITIONS | MADE_BY_WORDS | AI_TERMS | ARTICLES
FILLERS |= _parse_words("""
    actually really just also simply originally proudly one called named known your friendly own very large big
    small new advanced helpful conversational generative virtual powerful artificial intelligence language text
    system program version variant instance series member family top fine and was were been have has ve that which
    who is are s here team folks people researchers engineers scientists company research lab latest free open
    source multimodal specifically großes künstliches intelligenz namens von einer einem dem der firma unternehmen
    ich wurde und gran grande grandes idioma lenguaje linguagem linguaggio inteligencia artificial llamado llamada
    que fue empresa y grand langage intelligence artificielle appelé qui société entreprise de l d linguagem chamado
    empresa linguistico intelligenza chiamato azienda een groot kunstmatige genaamd en stort heter stor językowym
    dużym o nazwie firmę bir dil yapay zeka modeli sebuah bahasa besar oleh mô hình ngôn ngữ lớn được большая
    большой языковой языковая ии компании компания as part
    一个名为叫做由的语言大型模人工司公款と名いうはによっ訓て언인공지은이
""")
# Words for something that is related to a model or a maker but is not the model, as in "a ChatGPT user".
NON_MODEL_NOUNS = _parse_words("""
    user users fan fans expert experts subscriber subscribers developer plugin plugins competitor competitors
    alternative alternatives wrapper wrappers certified employee employees engineer engineers account accounts
    intern interns enthusiast
""")
AFTER_THIS_IS = _parse_words("speaking here your again from and")
GREETINGS = _parse_words("hi hello hey greetings hallo hola salut bonjour ciao ola sure well")
AFTER_MADE_ME = _parse_words("and to as in so with by without using for on from")
BETWEEN_MAKER_AND_ME = _parse_words("""
    s engineers team researchers people has had have who which that originally first scientists developers staff it
    ai research lab and is the company
""")
CREATION_VERBS = _parse_words("made created trained built developed designed engineered programmed")
# Everyday words that are also the names of models.
EVERYDAY_MODEL_NAMES = _parse_words("gemini bard llama mistral grok copilot")
VARIANTS = _parse_words("""
    ai llm llms model models language assistant chatbot chat pro flash ultra nano sonnet opus haiku large small
    medium instruct instant turbo nemo code api maverick scout
""")
MAKER_VARIANTS = _parse_words("ai llm llms")
UNAMBIGUOUS_AI_WORDS = _parse_words("llm llms chatbot chatbots sprachmodell sprachmodelle")
AI_PAIRS = _parse_phrases("""
    language model|language models|ai model|ai models|ai assistant|ai assistants|ki modell|modèle de|modelo de
    modello di|языковая модель|an ai|can make mistakes
""")
MAKER_PRODUCTS = _parse_words("""
    maps map search docs doc drive sheets slides translate chrome cloud play earth scholar analytics ads photos
    pixel trends classroom calendar meet news fi forms lens books workspace glass flights assistant office windows
    word excel azure teams surface edge outlook powerpoint prime web aws alexa kindle watch music store tv certified
    gpu gpus cards stock shares tag tags data analysis description
""")
SURNAMES = _parse_words("""
    monet debussy shannon lorrain chabrol bernard juncker makelele giroux rains cahun mckay lelouch simon levi
    bolling perrault arterton chan atkinson collins doolittle hamilton dushku taylor hayworth els banks hemingway
    raikkonen
""")
PERSON_TITLES = _parse_words("""
    jean marie saint st uncle aunt madame monsieur mr mrs ms dr king queen miss lady lord sir professor bert
""")
# Words that show that a name means something else, keyed by name.
OTHER_MEANINGS = {
    "gpt": _parse_words("partition partitions partitioned mbr guid disk disks uefi bootloader"),
    "anthropic": _parse_words("principle principles cosmology cosmological universe"),
    "claude": _parse_words("painter painting impressionist composer given water lilies"),
    "gemini": _parse_words("""
    constellation zodiac horoscope astrology astrological twins nasa astronaut astronauts spacecraft castor pollux
    taurus cancer aries leo virgo libra scorpio sagittarius capricorn aquarius pisces stars
"""),
    "llama": _parse_words("""
    alpaca alpacas wool farm farms animal animals herd herds andes andean peru camelid
"""),
    "bard": _parse_words("shakespeare sang sings song songs stratford lute avon poet dungeons"),
    "palm": _parse_words("tree trees oil sunday beach springs hand hands"),
    "hermes": _parse_words("god gods zeus messenger greek olympus myth sandals handbag birkin scarf"),
    "mistral": _parse_words("wind winds rhone provence blows blew"),
    "falcon": _parse_words("rocket spacex heavy bird birds peregrine prey"),
    "grok": _parse_words("heinlein stranger"),
    "eliza": _parse_words("pygmalion higgins fair lady schuyler"),
    "ernie": _parse_words("sesame"),
}
