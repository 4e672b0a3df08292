"""The pages in Russian: each English phrase of the report, and what the steps are for."""

from __future__ import annotations

from samovar.data.report.russian_groups import GROUPS
from samovar.data.report.russian_steps import STEPS

_PAGE = {
    "Alphabets": "Алфавиты",
    "Annotations": "Разметка",
    "Anything that the licences of the sources do not allow. The text was not checked for truth.": (
        "Всё, чего не разрешают лицензии источников. Достоверность текста не проверялась."
    ),
    "As stated in the files or in the cards beside them; nobody checked.": (
        "Как сказано в файлах или в карточках рядом с ними; никто не проверял."
    ),
    "As stated in the files: a company or a holder of rights.": "Как сказано в файлах: компания или правообладатель.",
    "Bars are characters; pale is what the step took away. Shares are of what was read.": (
        "Полосы показывают знаки; бледным — то, что убрал этот шаг. Доли — от прочитанного."
    ),
    "Before and after: {count} samples": "До и после, примеров: {count}",
    "Beside this page: train and validation as Parquet, files.jsonl with a row a file, dropped.jsonl with samples of "
    "what was left out, report.md with the same in plain text, README.md as the card of the data set.": (
        "Рядом с этой страницей: обучающая и проверочная части в Parquet, files.jsonl — строка на каждый файл, "
        "dropped.jsonl — образцы исключённого, report.md — то же простым текстом, README.md — карточка набора данных."
    ),
    "Bias, Risks, and Limitations": "Смещения, риски и ограничения",
    "Broken characters": "Испорченные символы",
    "By the letters of the beginning of each document; both: a fifth or more of each.": (
        "По буквам начала каждого документа; «обе» — пятая часть и больше каждой азбуки."
    ),
    "By the step language, else as the files themselves say.": "По шагу language, иначе — как сказано в самих файлах.",
    "Characters at every point of the way": "Знаки в каждой точке пути",
    "Checks": "Проверки",
    "Citation": "Как ссылаться",
    "Contents": "Содержание",
    "Curated by:": "Кто составил:",
    "Curation Rationale": "Зачем составлен",
    "Data Collection and Processing": "Сбор и обработка данных",
    "Dataset Card Contact": "Контакт",
    "Dataset Creation": "Как создан набор",
    "Dataset Description": "Описание",
    "Dataset Details": "О наборе данных",
    "Dataset Sources": "Источники",
    "Dataset Structure": "Устройство набора",
    "Direct Use": "Прямое назначение",
    "Documents by length": "Документы по длине",
    "Edited places": "Исправленные места",
    "Edited: {count}.": "Изменено: {count}.",
    "Encodings:": "Кодировки:",
    "Evaluation questions in the text": "Вопросы оценочных наборов в тексте",
    "Every file is a row of `files.jsonl`; samples of what was left out are in `dropped.jsonl`.": (
        "Каждому файлу отвечает строка в `files.jsonl`; образцы исключённого — в `dropped.jsonl`."
    ),
    "Every file is a row of files.jsonl; here are the first {count} names a reason.": (
        "Каждому файлу отвечает строка в files.jsonl; здесь — до {count} имён на причину."
    ),
    "Exact copies": "Точные копии",
    "File formats": "Форматы файлов",
    "Files read": "Чтение файлов",
    "Files that gave nothing": "Файлы, из которых ничего не получено",
    "Found and replaced, by kind. No method finds all; what was kept by the settings was kept.": (
        "Найдено и заменено, по видам. Ни один способ не находит всего; что настройки велели оставить, осталось."
    ),
    "From files to text": "От файлов к тексту",
    "Funded by:": "Кто оплатил:",
    "G": "млрд",
    "GiB": "ГиБ",
    "How it was made": "Как сделано",
    "In the corpus: {train} documents to train on with {train_characters} characters, {validation} for validation with "
    "{validation_characters}.": (
        "В корпусе: документов для обучения — {train} ({train_characters} знаков), для проверки — {validation} "
        "({validation_characters})."
    ),
    "In the order in which they ran. Samples are chosen at random and stay the same from run to run; personal data are "
    "masked in them.": (
        "В порядке выполнения. Примеры выбраны случайно и от запуска к запуску не меняются; персональные данные в них "
        "скрыты."
    ),
    "JSON of what else is known: language, licence, owner, page, time of change, as far as the file says so": (
        "JSON с тем, что ещё известно: язык, лицензия, владелец, страница, время изменения — насколько это есть в файле"
    ),
    "K": "тыс.",
    "KiB": "КиБ",
    "Language(s):": "Языки:",
    "Languages": "Языки",
    "Left out, and why": "Исключено и почему",
    "Left out: {count}.": "Исключено: {count}.",
    "Lengths": "Длины",
    "Licences": "Лицензии",
    "License:": "Лицензия:",
    "Looked for, and none was found of the kinds asked for. No method finds all.": (
        "Искали; данных заданных видов не найдено. Ни один способ не находит всего."
    ),
    "M": "млн",
    "MiB": "МиБ",
    "Mixture": "Состав смеси",
    "Near copies": "Почти копии",
    "No step of cleaning was run.": "Шаги очистки не выполнялись.",
    "None by people. What the steps found out of a document stands in meta.": (
        "Людьми — никакой. Что шаги узнали о документе, стоит в meta."
    ),
    "Not known.": "Неизвестно.",
    "Out-of-Scope Use": "Для чего не предназначен",
    "Owners": "Владельцы",
    "Parquet files of two splits, train and validation; which one a document is in depends on a hash of its id. "
    "Columns:": (
        "Файлы Parquet двух частей: train (обучение) и validation (проверка); в какой из них документ, зависит от хеша "
        "его id. Столбцы:"
    ),
    "Personal and Sensitive Information": "Персональные и чувствительные данные",
    "Personal and confidential data": "Персональные и конфиденциальные данные",
    "Personal data": "Персональные данные",
    "Personal data were not looked for.": "Персональные данные не искали.",
    "Places that were masked or given stand-ins, by kind. What stood there is on no page and in no sample.": (
        "Места, которые скрыты или получили замену, по видам. Того, что там стояло, нет ни на одной странице и ни в "
        "одном примере."
    ),
    "Problems inside files that gave something": "Затруднения в файлах, из которых что-то получено",
    "Quality rules": "Правила качества",
    "Read the samples in report.html before training, and name the licences that are not known.": (
        "До обучения прочтите примеры в report.html и укажите лицензии, которые не известны."
    ),
    "Reasons to leave a document out, samples and tables are in report.html.": (
        "Причины исключений, примеры и таблицы — в report.html."
    ),
    "Recommendations": "Рекомендации",
    "Repeated copies: {count}.": "Повторных копий: {count}.",
    "Repeated passages and lines": "Повторяющиеся отрывки и строки",
    "Report on the data": "Отчёт о данных",
    "Settings of the data stage": "Настройки этапа данных",
    "Settings:": "Настройки:",
    "Size:": "Размер:",
    "Source Data": "Исходные данные",
    "Sources": "Источники",
    "Step by step": "Шаг за шагом",
    "Text of {files} files, read and cleaned by Samovar {version}: {train} documents to train on and {validation} for "
    "validation.": (
        "Тексты из файлов (всего {files}), прочитанные и очищенные программой Samovar {version}: документов для "
        "обучения — {train}, для проверки — {validation}."
    ),
    "The corpus": "Корпус",
    "The corpus as it was written, by characters.": "Корпус в том виде, в котором он записан, по числу знаков.",
    "The corpus leans to what its sources write about, and in their languages:": (
        "Корпус смещён к тому, о чём и на каких языках пишут его источники:"
    ),
    "The steps of cleaning, in their order; settings that are not named are the defaults of this version:": (
        "Шаги очистки по порядку; не названные настройки — по умолчанию для этой версии:"
    ),
    "The tokenizer cut the training part into {tokens} tokens.": "Токенов в обучающей части: {tokens}.",
    "This page says what was done to them, why, and what was not looked at.": (
        "На этой странице сказано, что с ними сделано, почему и чего не проверяли."
    ),
    "To the report": "К отчёту",
    "Topics": "Темы",
    "Toxic and obscene text": "Оскорбительный и непристойный текст",
    "Training and validating a language model on the texts of its owner.": (
        "Обучение и проверка языковой модели на текстах её владельца."
    ),
    "Uses": "Назначение",
    "What could not be read": "Что не удалось прочитать",
    "What it is made of": "Из чего состоит",
    "What was looked for, and what was not:": "Что проверено и что нет:",
    "Who are the source data producers?": "Кто создал исходные данные?",
    "(other)": "(прочие)",
    "Cyrillic": "кириллица",
    "Latin": "латиница",
    "after": "после",
    "after {step}": "после {step}",
    "after; what stood there before is not shown": "после; что стояло раньше, не показано",
    "alphabet": "алфавит",
    "and {count} more": "и ещё {count}",
    "as read": "прочитано",
    "as the sources gave it": "как дали источники",
    "as written": "записано",
    "before": "до",
    "both": "обе",
    "bytes": "байт",
    "characters": "знаков",
    "characters to train on": "знаков для обучения",
    "characters to validate with": "знаков для проверки",
    "characters, from": "знаков, от",
    "check": "проверка",
    "count": "число",
    "documents": "документов",
    "documents by length in characters: each column from its number up to the next": (
        "документы по длине в знаках: столбец — от своего числа до следующего"
    ),
    "documents in": "вошло",
    "documents in the corpus": "документов в корпусе",
    "documents out": "вышло",
    "documents read": "документов прочитано",
    "edited": "изменено",
    "files seen": "файлов просмотрено",
    "files that gave text": "файлов с текстом",
    "folder": "папка",
    "format": "формат",
    "kind": "вид",
    "known of {share} of the text": "известно о {share} текста",
    "language": "язык",
    "left out": "исключено",
    "licence": "лицензия",
    "look at it": "посмотрите",
    "made": "выполнена",
    "no evaluation set was named": "не назван ни один оценочный набор",
    "no topic": "без темы",
    "none applied": "не применялись",
    "not known": "неизвестно",
    "not known of any document": "неизвестно ни об одном документе",
    "not looked for": "не искали",
    "not made": "не выполнена",
    "not told apart": "не различались",
    "of read": "от прочитанного",
    "other": "другой",
    "named in the settings and not there: {groups}": "названы в настройках, но их нет: {groups}",
    "over-sampled: {groups}": "повторяются: {groups}",
    "owner": "владелец",
    "places": "мест",
    "problem": "затруднение",
    "program": "программа",
    "read in all": "всего прочитано",
    "reason": "причина",
    "repeated": "повторено",
    "report on the data": "отчёт о данных",
    "result": "итог",
    "settings": "настройки",
    "share": "доля",
    "short of the wanted share: {groups}": "меньше нужной доли: {groups}",
    "state": "состояние",
    "step": "шаг",
    "steps": "шаги",
    "the cleaned text": "очищенный текст",
    "the file it came from": "файл, из которого он взят",
    "tokens to train on": "токенов для обучения",
    "topic": "тема",
    "unique, and the same in every run; a document that repeats has #epoch2 and so on behind it": (
        "единственный и в каждом запуске тот же; у повторов документа в конце стоит #epoch2 и так далее"
    ),
    "what": "что",
    "where": "где",
    "{count} documents edited": "документов изменено: {count}",
    "found in {count} documents": "документов с ними: {count}",
    "{count} documents of the corpus marked": "отмечено документов корпуса: {count}",
    "{count} documents left out": "документов исключено: {count}",
    "{documents} documents": "документов: {documents}",
    "{documents} documents, {characters} characters": "документов: {documents}, знаков: {characters}",
    "{files} files were seen; {read} documents came out of them, and {kept} are in the corpus.": (
        "Просмотрено файлов: {files}; получено документов: {read}, из них в корпусе: {kept}."
    ),
    "{into} documents came, {out} went on.": "Пришло документов: {into}, дальше пошло: {out}.",
    "{places} places of {kinds} kinds replaced": "заменено мест: {places}, видов: {kinds}",
    "{tokens} tokens to train on": "токенов для обучения: {tokens}",
    "{unread} of {files} files gave no text": "без текста файлов: {unread} из {files}",
}

RUSSIAN: dict[str, str] = {**GROUPS, **STEPS, **_PAGE}

PURPOSES: dict[str, str] = {
    "balance": "Даёт каждому источнику, языку или теме его долю: исключает документы или повторяет их.",
    "bias": "Считает, какие группы людей упомянуты рядом с отрицательными словами; ничего не исключает.",
    "boilerplate": "Убирает строки, общие для многих документов одного источника.",
    "c4_quality": "Убирает строки, которые не предложения, и страницы, где мало предложений, код или заполнитель.",
    "decontaminate": "Исключает из обучения документы с вопросами оценочных наборов или сообщает о них.",
    "exact_dedup": "Исключает документы, текст которых уже встречался, не считая пробелов.",
    "fineweb_quality": "Исключает документы по концам и длине строк.",
    "gopher_quality": "Исключает документы по длине, словам и знакам.",
    "language": "Отмечает язык каждого документа и оставляет нужные.",
    "learned_quality": "Учится на хороших и плохих примерах и отмечает или исключает плохое.",
    "length": "Наименьшая и наибольшая длина документа.",
    "line_dedup": "Вырезает строки или абзацы, которые уже были в прежнем документе.",
    "near_dedup": "Исключает документы, у которых большая часть цепочек слов общая с другим, который остаётся.",
    "normalise": "Unicode NFC, концы строк, управляющие знаки, лишние пробелы и пустые строки.",
    "perplexity": "Отмечает, насколько неожидан документ для модели хороших текстов; исключает, если задан порог.",
    "redact": "Находит персональные и конфиденциальные данные; скрывает их, заменяет или исключает документ.",
    "repair": "Возвращает текст, который был неверно раскодирован или испорчен преобразованием.",
    "repetition": "Исключает документы, где много повторяющихся строк, абзацев или цепочек слов.",
    "semantic_dedup": "Исключает документы, почти совпадающие по смыслу с другим, который остаётся.",
    "substring_dedup": "Вырезает отрывки, которые слово в слово уже встречались.",
    "textbook": "Оценивает от 0 до 10, насколько документ похож на учебник.",
    "toxicity": "Находит непристойное, оскорбительное и враждебное; отмечает, скрывает или исключает.",
    "topics": "Находит темы и отмечает тему каждого документа; ничего не исключает.",
}
"""What the steps are for, by their names."""
