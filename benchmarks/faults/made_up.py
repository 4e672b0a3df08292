"""Made-up texts: Russian letters, paragraphs in other languages, questions, furniture of pages, toxic lines.

All are drawn from a seed, by filling the places of sentences that stand here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_PLACE = re.compile(r"\{(\w+)\}")

_RUSSIAN_WORDS = {
    "кто": "склад|отдел закупок|бухгалтерия|диспетчер|наша лаборатория|бригада монтажников|комиссия|главный инженер|"
    "заказчик|служба доставки|новый подрядчик|юрист",
    "когда": "в начале недели|после обеда|к концу квартала|прошлой осенью|накануне праздников|сразу после проверки|"
    "в прошлую пятницу|перед сдачей объекта|ранним утром|в середине июня",
    "что": "партию насосов|чертежи второго корпуса|ведомость материалов|старый трансформатор|образцы краски|запасные "
    "подшипники|план эвакуации|отчёт о потерях|акт приёмки|смету на ремонт кровли|заявку на кабель|"
    "паспорта приборов",
    "где": "на втором этаже|в соседнем цехе|у северных ворот|в архиве завода|под навесом|рядом с котельной|"
    "на площадке у "
    "реки|в учебном классе|за старой проходной",
    "почему": "потому что прежний поставщик задержал отгрузку|так как погода испортилась|поскольку сроки уже вышли|"
    "чтобы не останавливать линию|из-за ошибки в адресе|ведь никто не проверил упаковку|раз уж приборы показали лишнее",
    "как": "без лишнего шума|очень внимательно|в два приёма|с большой неохотой|строго по инструкции|почти наугад|"
    "на удивление быстро|силами двух человек",
    "глагол": "получает|отправляет|проверяет|переписывает|теряет|отыскивает|разбирает|принимает|возвращает|осматривает",
}
_RUSSIAN = (
    "{кто} {когда} {глагол} {что}, {почему}.",
    "Всё это лежало {где} и ждало, пока {кто} не вспомнит про {что}.",
    "Мы долго спорили, кому отдать {что}, и решили сделать это {как}.",
    "Если бы не дождь, то {что} отвезли бы ещё {когда}.",
    "{кто} обещает прийти {когда}, но так и не приходит, {почему}.",
    "Оказалось, что {где} давно нет света, и работать там можно только днём.",
    "После этого {что} осмотрели ещё раз, теперь уже {как}.",
    "Старики рассказывали, что {где} когда-то был пруд, а за ним начинался лес.",
    "В письме сказано, что {кто} не возражает, если работы начнутся {когда}.",
    "Нам показали {что}, и стало понятно, что делали их {как}.",
    "Самое трудное было впереди: {где} предстояло найти {что}.",
    "На вопрос, зачем это нужно, {кто} только пожимает плечами.",
    "Дорога заняла больше времени, чем хотелось, {почему}.",
    "К счастью, {когда} привезли {что}, и спор закончился сам собой.",
    "Так же поступили и с другими бумагами: их сложили {где}.",
    "По словам мастера, такие вещи надо делать {как}, иначе всё придётся повторить.",
    "Через час {кто} звонит снова и просит не трогать {что}.",
    "Было решено, что за это отвечает {кто}, а срок назначили {когда}.",
    "Внутри было сухо и тепло, хотя {где} ещё лежал снег.",
    "Никто не знал, откуда взялись эти ящики, но в одном из них нашли {что}.",
    "Потом {кто} достаёт тетрадь и записывает всё, что видно {где}.",
    "Ошибку заметили {когда}, и пришлось начинать сначала, {почему}.",
    "Эта история кончилась тем, что {что} увезли, а место заняли другие.",
    "Как только станет теплее, {кто} проверит, что осталось {где}.",
)

_FOREIGN_WORDS = {
    "de": {
        "wer": "der alte Fischer|die Nachbarin|unser Lehrer|das kleine Mädchen|der Bäcker|die Ärztin",
        "wo": "am Ufer des Flusses|hinter dem Bahnhof|in der engen Gasse|auf dem Markt|im Garten",
        "was": "einen schweren Koffer|die alten Briefe|das zerbrochene Fenster|frisches Brot|einen langen Brief",
    },
    "fr": {
        "qui": "le vieux marin|notre voisine|le médecin du village|une petite fille|le boulanger|mon oncle",
        "où": "au bord de la rivière|derrière la gare|dans une rue étroite|sur la place du marché|au fond du jardin",
        "quoi": "une valise très lourde|des lettres anciennes|la fenêtre brisée|du pain encore chaud|un long récit",
    },
    "es": {
        "quién": "el viejo pescador|nuestra vecina|el médico del pueblo|una niña pequeña|el panadero|mi tío",
        "dónde": "a la orilla del río|detrás de la estación|en una calle estrecha|en la plaza|al fondo del jardín",
        "qué": "una maleta muy pesada|las cartas antiguas|la ventana rota|el pan todavía caliente|una larga historia",
    },
    "uk": {
        "хто": "старий рибалка|наша сусідка|сільський лікар|маленька дівчинка|пекар|мій дядько",
        "де": "на березі річки|за вокзалом|у вузькому провулку|на ринку|в кінці саду",
        "що": "важку валізу|давні листи|розбите вікно|ще теплий хліб|довгу розповідь",
    },
    "kk": {
        "кім": "қарт балықшы|көршіміз|ауыл дәрігері|кішкентай қыз|наубайшы|менің ағам",
        "қайда": "өзен жағасында|вокзалдың артында|тар көшеде|базарда|бақтың түбінде",
        "не": "ауыр шабаданды|ескі хаттарды|сынған терезені|жылы нанды|ұзақ әңгімені",
    },
}
_FOREIGN = {
    "de": (
        "{wer} stand {wo} und wartete, bis der Regen endlich aufhörte.",
        "Niemand wusste, warum {wer} ausgerechnet {was} mitgenommen hatte.",
        "Gestern fanden wir {wo} {was}, und seitdem spricht das ganze Dorf davon.",
        "{wer} erzählte uns, dass früher {wo} eine Mühle gestanden habe.",
        "Als es dunkel wurde, legte {wer} {was} auf den Tisch und schwieg.",
        "Wir gingen langsam weiter, weil wir {wo} schon oft etwas verloren hatten.",
        "Im Winter bleibt hier kaum jemand, doch im Sommer hört man überall Musik.",
    ),
    "fr": (
        "{qui} attendait {où} que la pluie veuille bien cesser.",
        "Personne ne savait pourquoi {qui} avait emporté {quoi}.",
        "Hier nous avons trouvé {quoi} {où}, et depuis tout le village en parle.",
        "{qui} nous a raconté qu'il y avait autrefois un moulin {où}.",
        "Quand la nuit est tombée, {qui} a posé {quoi} sur la table sans dire un mot.",
        "Nous marchions lentement, car nous avions souvent perdu quelque chose {où}.",
        "En hiver presque personne ne reste ici, mais en été on entend partout de la musique.",
    ),
    "es": (
        "{quién} esperaba {dónde} a que dejara de llover.",
        "Nadie sabía por qué {quién} se había llevado {qué}.",
        "Ayer encontramos {qué} {dónde}, y desde entonces todo el pueblo habla de ello.",
        "{quién} nos contó que antes había un molino {dónde}.",
        "Cuando se hizo de noche, {quién} dejó {qué} sobre la mesa y no dijo nada.",
        "Caminábamos despacio, porque muchas veces habíamos perdido algo {dónde}.",
        "En invierno casi nadie se queda aquí, pero en verano se oye música por todas partes.",
    ),
    "uk": (
        "{хто} стояв {де} і чекав, доки нарешті вщухне дощ.",
        "Ніхто не знав, навіщо {хто} узяв із собою {що}.",
        "Учора ми знайшли {де} {що}, і відтоді про це говорить усе село.",
        "{хто} розповів нам, що колись {де} був млин.",
        "Коли стемніло, {хто} поклав {що} на стіл і замовк.",
        "Ми йшли поволі, бо {де} вже не раз щось губили.",
        "Узимку тут майже нікого немає, зате влітку всюди чути музику.",
    ),
    "kk": (
        "{кім} {қайда} тұрып, жаңбырдың басылуын күтті.",
        "{кім} не үшін {не} алып кеткенін ешкім білмеді.",
        "Кеше біз {қайда} {не} таптық, содан бері бүкіл ауыл осы туралы айтады.",
        "{кім} бізге бұрын {қайда} диірмен болғанын айтып берді.",
        "Қараңғы түскенде {кім} {не} үстелге қойып, үндемей қалды.",
        "Біз баяу жүрдік, өйткені {қайда} талай рет бірдеңе жоғалтқанбыз.",
        "Қыста мұнда адам аз болады, ал жазда барлық жерден ән естіледі.",
    ),
}
FOREIGN_LANGUAGES = tuple(_FOREIGN)

_FIRST_TEXT = "Bel Cor Dal Fen Gar Hol Jas Kir Lom Mar Nol Ost Per Quin Ras Sol Tam Ul Ver Wil Yor Zan"
_FIRST = _FIRST_TEXT.split()
_LAST_TEXT = "adan berg dorf emere field gate haven ilion kesta ligno mouth nessa orvale port quil rino stead tura"
_LAST = _LAST_TEXT.split()
_QUESTIONS = (
    "In which year did the keepers of {town} first light the tower that warns ships of the {thing} reef?",
    "How many {thing} does the baker of {town} sell in a week if he sells {number} of them on every working day?",
    "Which river must a courier cross on the shortest way from {town} to the {thing} market of {other}?",
    "Why did the council of {town} forbid the sale of {thing} to travellers who came from {other}?",
    "What is the name of the engineer who built the {thing} bridge between {town} and {other}?",
    "If a train leaves {town} at {number} past noon with {thing} for {other}, which station does it reach last?",
)
_THINGS_TEXT = "copper amber salt lantern walnut saffron granite herring velvet beeswax barley juniper"
_THINGS = _THINGS_TEXT.split()

_HEADERS = (
    "{name} | Internal information system | For official use only",
    "Home > Documents > Archive > {name}",
    "{name} · weekly bulletin of the technical department",
    "ООО «{name}» · отдел документооборота · служебная переписка",
)
_FOOTERS = (
    "Copyright {name} and contributors. All rights reserved. Terms of use apply.",
    "Share this page | Print | Subscribe to the newsletter of {name} | Report an error",
    "С уважением, канцелярия общества «{name}», приём посетителей с девяти до шести",
    "You receive this message because you are a registered user of {name}. Unsubscribe at any time.",
)
_DISCLAIMERS = (
    "This message and any attachments are confidential and intended solely for the addressee of {name}. If you have "
    "received it in error, please notify the sender immediately and delete it; any copying is strictly prohibited.",
    "Настоящее сообщение общества «{name}» и любые приложения к нему содержат сведения, не подлежащие разглашению. "
    "Если вы не являетесь адресатом, удалите его и сообщите об этом отправителю.",
)

# Coarse on purpose: what a filter of toxic text is for.
_TOXIC = (
    "You are a fucking idiot and nobody would miss you, {name}.",
    "Shut up, you stupid bitch, and go to hell.",
    "All of you people from {name} are filthy scum and should be wiped out.",
    "What a worthless piece of shit you are, I hope you die.",
    "Go kill yourself, you disgusting moron.",
    "Заткнись, тупая сука, и катись отсюда к чёрту.",
    "Ты полное ничтожество и мудак, чтоб ты сдох.",
    "Все эти из {name} — грязные скоты, давить их надо.",
    "Какой же ты дебил, блядь, иди на хуй.",
    "Пошёл ты в жопу, урод, тебя никто не ждёт.",
)


def filled(template: str, words: dict[str, str], draw: random.Random) -> str:
    """``template`` with a word drawn for every {place}, and a capital letter in front."""
    text = _PLACE.sub(lambda place: draw.choice(words[place[1]].split("|")), template)
    return text[0].upper() + text[1:]


def name_of_place(draw: random.Random) -> str:
    """A town or a company that does not exist: one of eight thousand."""
    return draw.choice(_FIRST) + draw.choice(_LAST) + draw.choice(("", " Major", " Minor", " East", " West"))


def russian_text(draw: random.Random, *, sentences: int = 15) -> str:
    """Sentences in Russian in paragraphs of three, about 1,400 characters; few runs of words stand in two of them."""
    chosen = draw.sample(_RUSSIAN, sentences)
    return _paragraphs([filled(one, _RUSSIAN_WORDS, draw) for one in chosen])


def _paragraphs(sentences: list[str]) -> str:
    return "\n\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))


def foreign_text(language: str, draw: random.Random, *, sentences: int = 7) -> str:
    """Sentences in one of ``FOREIGN_LANGUAGES``, on one line."""
    words, templates = _FOREIGN_WORDS[language], _FOREIGN[language]
    return " ".join(filled(one, words, draw) for one in draw.sample(templates, sentences))


def questions(count: int, draw: random.Random) -> list[dict[str, str]]:
    """So many different questions about places that don't exist, with their answers."""
    made: dict[str, dict[str, str]] = {}
    while len(made) < count:
        template = draw.choice(_QUESTIONS)
        town, other = name_of_place(draw), name_of_place(draw)
        number, thing = draw.randint(11, 97), draw.choice(_THINGS)
        question = template.format(town=town, other=other, number=number, thing=thing)
        answer = f"It was told in {other} that {number} {thing} merchants of {town} knew."
        made[question] = {"question": question, "answer": answer}
    return list(made.values())


def planted_question(row: dict[str, str], form: str, draw: random.Random) -> str:
    """A question as it turns up in a document.

    Args:
        row: with ``question`` and ``answer``.
        form: verbatim; with its answer; restyled (case and punctuation differ); one word changed.
        draw: of chance.
    """
    question = row["question"]
    forms: dict[str, Callable[[], str]] = {
        "verbatim": lambda: question,
        "with its answer": lambda: f"Q: {question}\nA: {row['answer']}",
        "restyled": lambda: question.upper().replace(",", " —").replace("?", " ...?"),
        "one word changed": lambda: _one_word_changed(question, draw),
    }
    return forms[form]()


QUESTION_FORMS = ("verbatim", "with its answer", "restyled", "one word changed")


def _one_word_changed(text: str, draw: random.Random) -> str:
    words = text.split()
    words[draw.randrange(2, len(words) - 1)] = "roughly"
    return " ".join(words)


def furniture(draw: random.Random) -> tuple[str, str, str]:
    """Header, footer and disclaimer of a source."""
    name = name_of_place(draw)
    return tuple(draw.choice(lines).format(name=name) for lines in (_HEADERS, _FOOTERS, _DISCLAIMERS))  # type: ignore[return-value]


def toxic_line(draw: random.Random) -> str:
    """A line that insults, threatens or swears, in English or Russian."""
    return draw.choice(_TOXIC).format(name=name_of_place(draw))
