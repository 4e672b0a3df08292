"""What steps say in their reasons and tables, in Russian."""

from __future__ import annotations

STEPS = {
    # Reasons to leave a document out.
    "a curly bracket": "фигурная скобка",
    "binary data": "двоичные данные",
    "empty file": "пустой файл",
    "a list rather than text": "список, а не текст",
    "few lines end as sentences do": "мало строк с концом предложения",
    "few sentences": "мало предложений",
    "few words": "мало слов",
    "hardly any of the language's common words": "почти нет частых слов языка",
    "little like a textbook": "мало похоже на учебник",
    "long repeated lines": "длинные повторяющиеся строки",
    "long repeated paragraphs": "длинные повторяющиеся абзацы",
    "long words": "длинные слова",
    "many ellipses": "много многоточий",
    "many lines end with an ellipsis": "много строк с многоточием в конце",
    "many signs #": "много знаков #",
    "many words without letters": "много слов без букв",
    "nearly all lines are bullets": "почти все строки — пункты списка",
    "repeated lines": "повторяющиеся строки",
    "repeated paragraphs": "повторяющиеся абзацы",
    "short words": "короткие слова",
    "filler text lorem ipsum": "текст-заполнитель lorem ipsum",
    "hidden": "скрытый",
    "in another language": "на другом языке",
    "language unclear": "язык неясен",
    "left out by data.skip": "исключён настройкой data.skip",
    "left out of the mixture": "не вошло в смесь",
    "made by Samovar": "сделано программой Samovar",
    "many short lines": "много коротких строк",
    "met before under another name": "уже встречался под другим именем",
    "near-duplicate": "почти копия",
    "no text in it": "в нём нет текста",
    "no three long lines": "нет трёх длинных строк",
    "not a regular file": "не обычный файл",
    "nothing but lines that come again in its source": "только строки, которые повторяются в источнике",
    "nothing but paragraphs in other languages": "только абзацы на других языках",
    "nothing but white space": "только пробелы",
    "repeats earlier documents": "повторяет прежние документы",
    "same meaning": "тот же смысл",
    "same text as an earlier document": "тот же текст, что в прежнем документе",
    "too long": "слишком длинный",
    "too short": "слишком короткий",
    "very many words": "слишком много слов",
    "a copy": "копия",
    "a link that leads nowhere": "ссылка в никуда",
    "a link, which is not followed": "ссылка, по которой не ходят",
    "a line that is not JSON": "строка не в формате JSON",
    "binary data, not text": "двоичные данные, не текст",
    "no docstrings": "нет строк документации",
    "unlike the good examples": "не похоже на хорошие примеры",
    "mostly lines of earlier documents": "почти все строки — из прежних документов",
    "mostly paragraphs of earlier documents": "почти все абзацы — из прежних документов",
    # What was edited.
    "common lines": "общие строки",
    "repeated line": "повторная строка",
    "repeated paragraph": "повторный абзац",
    "repeated passage": "повторный отрывок",
    # Kinds of personal data.
    "account": "номер счёта",
    "address": "адрес",
    "bik": "БИК",
    "birth_date": "дата рождения",
    "card": "номер карты",
    "email": "электронная почта",
    "iban": "IBAN",
    "inn": "ИНН",
    "ip": "IP-адрес",
    "kpp": "КПП",
    "ogrn": "ОГРН",
    "own": "свои слова и образцы",
    "passport": "паспорт",
    "person": "имя",
    "phone": "телефон",
    "plate": "номер автомобиля",
    "secret": "ключ или пароль",
    "snils": "СНИЛС",
    "ssn": "SSN (США)",
    # Toxicity.
    "hate": "вражда",
    "insult": "оскорбление",
    "obscene": "непристойность",
    "toxic: hate": "токсично: вражда",
    "toxic: insult": "токсично: оскорбление",
    "toxic: obscene": "токсично: непристойность",
    "Found by lists of words, and by the learned filter where there is one.": (
        "Найдено по спискам слов и обученным фильтром, если он есть."
    ),
    "A place counts once, as its gravest.": "Место считается один раз, по самому тяжкому.",
    "Nothing was found.": "Ничего не найдено.",
    "Toxicity": "Токсичность",
    "commonest words": "самые частые слова",
    "documents beyond the threshold": "документов за порогом",
    "documents with such words": "документов с такими словами",
    "Examples are of documents between this row and the next; words are starred.": (
        "Примеры — из документов между этой строкой и следующей; слова скрыты звёздочками."
    ),
    "examples": "примеры",
    "from": "от",
    "highest probability of a piece": "наибольшая вероятность отрывка",
    "level": "уровень",
    "listed words in a thousand": "слов из списка на тысячу",
    "up to the next row": "до следующей строки",
    # Perplexity.
    "perplexity outside of quantiles": "перплексия вне квантилей",
    "perplexity too high": "перплексия слишком высока",
    "Compare it within a language only.": "Сравнивайте только внутри одного языка.",
    "Each half is judged by a model of the other.": "Каждую половину оценивает модель другой половины.",
    "Examples are of documents between this row and the next.": (
        "Примеры — из документов между этой строкой и следующей."
    ),
    "Learnt from the corpus itself, no good texts being named: a high one means unlike the rest.": (
        "Модель обучена на самом корпусе, так как хорошие тексты не названы: высокая значит «не как остальные»."
    ),
    "No document was judged.": "Ни один документ не оценён.",
    "Perplexity a word at quantiles: among how many equally likely words the model would have to choose.": (
        "Перплексия на слово по квантилям: из скольких равновероятных слов пришлось бы выбирать модели."
    ),
    "There is too little text, in any language, to learn from.": "Ни на одном языке нет текста, чтобы учиться.",
    "bits a character": "бит на знак",
    "documents from here on": "документов отсюда и выше",
    "perplexity": "перплексия",
    "quantile": "квантиль",
    "words learnt from": "слов для обучения",
    # Groups of people beside negative words.
    "Chosen by chance.": "Выбраны случайно.",
    "Examples": "Примеры",
    "Groups beside negative words": "Группы рядом с отрицательными словами",
    "Intervals take mentions as independent, which those of one document are not; of twenty rows one lies outside of 1 "
    "by chance.": (
        "Интервалы считают упоминания независимыми, а в одном документе они зависимы; из двадцати строк одна лежит в "
        "стороне от 1 случайно."
    ),
    "No group was mentioned.": "Ни одна группа не упомянута.",
    "What stands beside a group need not be said of it: this counts company, not opinion, and the victims of a crime "
    "stand beside it too.": (
        "Стоящее рядом с группой не обязательно сказано о ней: считается соседство, а не мнение, и жертвы преступления "
        "тоже стоят рядом с ним."
    ),
    "beside negative words": "рядом с отрицательными",
    "commonest negative words beside": "самые частые отрицательные слова рядом",
    "group": "группа",
    "mentions": "упоминаний",
    "text": "текст",
    "times any word's": "раз к любому слову",
    "times the others' of its kind (95 %)": "раз к другим группам вида (95 %)",
    "words in Cyrillic letters": "слова кириллицей",
    "words in Latin letters": "слова латиницей",
    # The learned filter.
    "Area: the chance that an example of the label gets a higher probability than another one (0.5 is guessing).": (
        "Площадь: с какой вероятностью пример метки получит вероятность выше, чем другой (0,5 — угадывание)."
    ),
    "Brier score": "мера Брайера",
    "Brier score: mean square of probability minus truth.": (
        "Мера Брайера: средний квадрат разности вероятности и истины."
    ),
    "Calibration error: how far probabilities lie from the shares that they promise.": (
        "Ошибка калибровки: как далеки вероятности от долей, которые они обещают."
    ),
    "No examples are named in good, bad or labels: nothing judged.": (
        "Примеры не названы ни в good, ни в bad, ни в labels: ничего не оценено."
    ),
    "On examples that the measured models did not see.": "На примерах, которых измеряемые модели не видели.",
    "Parts of one document stand on both sides of the measurement, as there are too few documents: the quality on "
    "other documents will be lower than what is shown.": (
        "Части одного документа стоят по обе стороны измерения, так как документов слишком мало: на других документах "
        "качество будет ниже показанного."
    ),
    "Quality of the learned filter": "Качество обученного фильтра",
    "The last column: what a threshold at the upper end would lose.": (
        "Последний столбец: что потерял бы порог на верхнем конце."
    ),
    "The weight of a word and of its letters.": "Вес слова и его букв.",
    "area under the curve": "площадь под кривой",
    "calibration error": "ошибка калибровки",
    "held-out examples of it": "отложенных примеров метки",
    "label": "метка",
    "learned quality": "выученное качество",
    "most surely bad": "вернее всего плохие",
    "most surely good": "вернее всего хорошие",
    "nearest to the threshold": "ближе всего к порогу",
    "others": "других",
    "precision": "точность",
    "probability of being good": "вероятность, что хороший",
    "recall": "полнота",
    "share called": "доля названных",
    "speaks against": "говорит против",
    "speaks for": "говорит за",
    "up to here": "досюда",
    "weight": "вес",
    # Tables.
    "A line counts once a document.": "Строка считается один раз на документ.",
    "An item is found by 13 words in a row, by half of it in runs of 8, or by nearly the same words.": (
        "Вопрос найден по 13 словам подряд, по половине его в цепочках по 8 слов или по почти тем же словам."
    ),
    "By the main language of a document.": "По основному языку документа.",
    "Chance of finding a near-duplicate": "Вероятность найти почти копию",
    "Clusters by size (near-duplicate)": "Группы почти копий по размеру",
    "Contamination by evaluation set": "Найденное по оценочным наборам",
    "From 0 to 10; a judgement of style, not of truth.": "От 0 до 10; суждение о стиле, а не об истине.",
    "Items found in documents": "Вопросы, найденные в документах",
    "Largest clusters (near-duplicate)": "Самые большие группы почти копий",
    "Perplexity by language": "Перплексия по языкам",
    "Shares are of characters. Epochs: how often a document of the group comes on average.": (
        "Доли — по знакам. Эпохи — сколько раз в среднем встречается документ группы."
    ),
    "Most repeated lines": "Чаще всего повторялись строки",
    "Most repeated paragraphs": "Чаще всего повторялись абзацы",
    "The first documents that have it keep it.": "В первых документах, где она есть, она остаётся.",
    "The mixture": "Смесь",
    "Topics are groups of documents with like words; the name is made of words, nobody gave it.": (
        "Темы — группы документов со сходными словами; имя составлено из слов, его никто не давал."
    ),
    "Warnings on the mixture": "Предупреждения о смеси",
    "With a tenth or more in each language.": "По десятой части и больше на каждом языке.",
    "Words in repeated passages": "Слова в повторных отрывках",
    "by": "по чему",
    "characters before": "знаков до",
    "closest documents": "ближайшие документы",
    "clusters": "групп",
    "cut out": "вырезано",
    "document": "документ",
    "documents before": "документов до",
    "dropped": "исключены",
    "documents that hold them": "документов с ними",
    "documents that stay though they break a rule": "Документы, которые остались, хотя нарушают правило",
    "epochs": "эпох",
    "feature": "признак",
    "item": "вопрос",
    "items": "вопросов",
    "items found": "найдено вопросов",
    "kept": "оставлен",
    "languages": "языки",
    "line": "строка",
    "least like a textbook": "меньше всего похожи на учебник",
    "lines taken out": "Убранные строки",
    "mean points": "баллов в среднем",
    "mixed documents": "Смешанные документы",
    "most like a textbook": "больше всего похожи на учебник",
    "pages spared as": "Страницы, оставленные как",
    "paragraph": "абзац",
    "probability": "вероятность",
    "score": "оценка",
    "set": "набор",
    "share before": "доля до",
    "similarity": "сходство",
    "source": "источник",
    "taken out": "убрано",
    "telling words": "характерные слова",
    "textbook scores": "Оценки похожести на учебник",
    "wanted share": "нужная доля",
    "warning": "предупреждение",
    "what made the textbook scores": "Из чего сложились оценки",
    "advertising": "реклама",
    "code": "код",
    "connectives": "связки",
    "definitions": "определения",
    "exercises": "упражнения",
    "explanations": "объяснения",
    "first_person": "первое лицо",
    "links": "ссылки",
    "page_furniture": "оформление страницы",
    "shouting": "крик",
    "structure": "структура",
    "varied_words": "разные слова",
    "whole_sentences": "целые предложения",
    "words": "слов",
    "why": "почему",
}

TOLD = {
    # Whole sentences, titles and details with values in them.
    "The threshold is {limit}.": "Порог — {limit}.",
    "Perplexity of documents in '{language}'": "Перплексия документов на языке {language}",
    "{count} documents were not judged: too short, or in a language with too little to learn from.": (
        "Не оценено документов: {count} — слишком короткие или на языке, где мало текста для обучения."
    ),
    "Beside is within {window} words.": "Рядом — не дальше {window} слов.",
    "Of all words, {share} have a negative word so near.": "Отрицательное слово так близко у {share} всех слов.",
    "{count} groups with fewer than {least} mentions are left out.": (
        "Не показано групп, где упоминаний меньше {least}: {count}."
    ),
    "{value} ({low} to {high})": "{value} ({low}–{high})",
    "If everything with at least this probability is called '{label}'; on held-out examples.": (
        "Если всё с вероятностью не ниже этой назвать «{label}»; на отложенных примерах."
    ),
    "Most telling words for '{label}'": "Самые характерные слова метки «{label}»",
    "Thresholds for '{label}'": "Пороги для «{label}»",
    "Trained on {examples}.": "Обучен на примерах: {examples}.",
    "{count} examples were left out: the same text has two labels.": (
        "Исключено примеров: {count} — у одного текста две метки."
    ),
    "{count} examples were left out: copies of others, or empty.": (
        "Исключено примеров: {count} — копии других или пустые."
    ),
    "In lower case and shortened; counts of rare ones may be too low: {count} are counted at once.": (
        "Строчными буквами и сокращённо; числа редких могут быть занижены: одновременно считается {count}."
    ),
    "Lines in fewer than {count} documents may have been missed: too many.": (
        "Строки, которые есть меньше чем в {count} документах, могли быть пропущены: их слишком много."
    ),
    "Two documents of this Jaccard similarity (runs of {words} words) meet in at least one of {bands} bands of {rows} "
    "hashes with this probability; of those that met, the ones with a true similarity of at least {least} are "
    "near-duplicates.": (
        "Два документа с таким сходством Жаккара (по цепочкам в {words} слов) с этой вероятностью встретятся хотя бы в "
        "одной из {bands} полос по {rows} хешей; из встретившихся почти копии — те, чьё настоящее сходство не ниже "
        "{least}."
    ),
    "one run of {count} words again and again": "одна цепочка из {count} слов снова и снова",
    "repeated runs of {count} words": "повторяющиеся цепочки из {count} слов",
    "holds items of {name}": "содержит вопросы из {name}",
    "holds {kind}": "содержит: {kind}",
    "to be forgotten, by {kind}": "велено забыть: {kind}",
    "cannot be read: {why}": "не читается: {why}",
    "{kind}, which no reader here opens": "{kind}: такое здесь не читается",
    "a row without text in {fields}": "строка без текста в полях {fields}",
    "{count} characters; at least {least} wanted": "знаков: {count}, нужно не меньше {least}",
    "{count} characters; at most {most} wanted": "знаков: {count}, нужно не больше {most}",
    "{rule} is {value}, at least {bound} wanted": "{rule}: {value}, нужно не меньше {bound}",
    "{rule} is {value}, at most {bound} wanted": "{rule}: {value}, нужно не больше {bound}",
    "{value} a word; at most {most} wanted": "{value} на слово, нужно не больше {most}",
    "{value} a word; {low} to {high} wanted": "{value} на слово, нужно от {low} до {high}",
    "similarity {value} to {document}, which stays": "сходство {value} с {document}, который остаётся",
    "cosine {value} to {document}, which stays": "косинус {value} с {document}, который остаётся",
    "{language}, score {value}; {kept} kept": "{language}, оценка {value}; оставляются {kept}",
    "{language}, score {value}; at least {least} wanted": "{language}, оценка {value}, нужно не меньше {least}",
    "{count} of {total} words; the first in {document}": "слов: {count} из {total}; первые — в {document}",
    "{count} of {total} lines, {share} of the characters": "строк: {count} из {total}, {share} знаков",
    "{count} of {total} paragraphs, {share} of the characters": "абзацев: {count} из {total}, {share} знаков",
    "{count} listed words, {rate} in a thousand": "слов из списка: {count}, {rate} на тысячу",
    "{words}; highest probability {value}": "{words}; наибольшая вероятность {value}",
    "{count} places": "мест: {count}",
    "{low} to {high}": "{low}–{high}",
    "{count} words in a row": "{count} слов подряд",
    "{count} candidates stayed because no kept document was similar enough.": (
        "Осталось кандидатов: {count} — ни один оставленный документ не был достаточно похож."
    ),
}
"""What steps say with values in it: the English and the Russian form."""
