"""Obscene, insulting and hateful words are found however inflected or disguised, and their look-alikes are not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import ConfigError, DataError, MissingError
from samovar.data.document import Document
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import Step

pytest.importorskip("numba")

import itertools

from samovar.data.toxicity.finder import ToxicityFinder
from samovar.data.toxicity.learned import PIECE_CHARACTERS, pieces
from samovar.data.toxicity.verdicts import level_results, limits_of, masked, starred

SHARED = Path(os.environ.get("SAMOVAR_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.fixture(scope="module")
def finder() -> ToxicityFinder:
    return ToxicityFinder()


def words(finder: ToxicityFinder, text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.level) for one in finder.find(text)]


def step_of(**options: object) -> Step:
    return make_step(step_classes()["toxicity"].settings_class(step="toxicity", **options), seed=0)


def listed(text: str) -> list[str]:
    return text.split()


OBSCENE = listed(
    """
    хуй хуя хуём нахуй похуй дохуя хуйня хуёвый охуенный охуели захуярить пизда пизды пиздец спиздили распиздяй
    ебать ебёт заебал заебись наебали выебать уёбок ёбаный ебанутый долбоёб проебали бля блять блядь блядский
    выблядок мудак мудаки залупа говно жопа жопой насрать обосрались засранец обоссал пердун трахаться дрочить fuck
    fucking fucked motherfucker fuckface shit bullshit shitty cunt cunts cocksucker asshole dumbass dickhead
    """
)
INSULTS = listed(
    """
    сука сукой шлюха гандон ублюдок мразь дебил дебилы кретин идиотка придурок тупица сволочь подонки чмо быдло
    bitch bitches slut whore idiot moron retard scumbag bastard douchebag
    """
)
HATE = listed(
    """
    пидор пидорасы педики жиды жидовка хачи черножопый чучмеки ниггер пиндосы nigger niggers faggot faggots kike
    spic wetback gook raghead tranny
    """
)


@pytest.mark.parametrize(("level", "examples"), [("obscene", OBSCENE), ("insult", INSULTS), ("hate", HATE)])
def test_listed_words_have_their_level(finder: ToxicityFinder, level: str, examples: list[str]) -> None:
    for word in examples:
        assert words(finder, f"Вот, {word}, and more.") == [(word, level)], word
        assert words(finder, word.upper()) == [(word.upper(), level)], word


@pytest.mark.parametrize(
    "disguised",
    [
        *("хуууй", "xуй", "хyй", "х*й", "х**ня", "п***ц", "п..здец", "бл*дь", "п и з д е ц", "х-у-й", "х у й", "е**ть"),
        *("пи3дец", "заe6ал", "с\u00adука", "ху\u200bй", "му́дак", "м у д а к", "п.и.з.д.а", "бл@дь"),
        *("fuuuuck", "f*ck", "f**k", "f***ing", "fu*king", "sh!t", "$hit", "5hit", "b!tch", "b1tch", "n1gger", "n!gga"),
        *("f u c k", "f.u.c.k", "s-h-i-t", "a$$hole", "fаggot", "m*therf*cker", "f4ggot", "phuck", "f***"),
    ],
)
def test_disguised_words_are_found(finder: ToxicityFinder, disguised: str) -> None:
    text = f"oh {disguised} you"
    assert [text[one.start : one.end] for one in finder.find(text)] == [disguised]


HARMLESS = listed(
    """
    хлебать хлеб себе тебе требовать учебный победа небо ребёнок оскорблять употреблять потреблять углублять
    ослаблять застрахуй страхуя психует подстрахует художник худой хурма хулиган хунта плохую сухую глухую мандарин
    мандат команда мудрый мудрец мудрость бляха бляшка бляшки сабля рубля корабля трахея трахеит трахеостомия
    педиатр педикюр педагог жидкий жидкость хачапури Хачатурян хачкар дебильность кретинизм дегенерация
    идиоматический обсерватория обсервация посрамить сразу сражение среда сосать россыпь ссылка ссора ссуда массаж
    рассказ колебать колебания погребать гребля истребитель употребить хребет лебедь дебют дебет жеребёнок вебинар
    курвиметр сучок скунс сукно посуда суккулент пернатый перевал залупцевать выхухоль нюхую Нигер нигерийский
    сереет голубой ЕБРР ЕБИТДА минет протрахеальный чурка Витебск Себастьян Андре-Жидель Пердиккас тупик уродливый
    украинец подсудимый мошонка пенис влагалище сперма клитор Scunthorpe Penistone Essex Sussex Middlesex cockpit
    cocktail peacock Hitchcock shuttlecock assess assassin classic pass bass grass glass mass massage embarrass
    assume ambassador Dickens Dickinson shiitake Matsushita Yamashita analysis analyst therapist document
    circumstance accumulate cumulative cum laude title titan constitution institute Arsenal niggardly snigger
    denigrate vinegar Niger Nigeria Nigerian Montenegro peninsula spice spicy despicable hospice chinking raccoon
    cocoon tycoon Pakistan pakora Japan japanese homogeneous homonym homology heteronym Uranus manuscript rapeseed
    whoreson's-not swanky Wankel hoeven shoes phoenix pussycat pussywillow retardant cumin penal sextant bitumen
    bituminous habitat orbit arbiter shitake shoot sheet shift hello assistant basement button butterfly butternut
    """
)


def test_words_that_only_look_alike_are_not_found(finder: ToxicityFinder) -> None:
    assert {word: found for word in HARMLESS if (found := words(finder, f"слово {word} here"))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "Ворона сидела на суку, а под деревом лежали сухие сучки и ветки.",
        "Всё прошло без сучка, без задоринки.",
        "Синдром Дауна (трисомия по хромосоме 21) описан Дауном.",
        "Роман «Идиот» Достоевского; Андре Жид, «Имморалист».",
        "Пациент употребляет алкоголь; диагноз: атеросклеротическая бляшка, трахеит.",
        "Статья 5.61 КоАП: оскорбление, то есть унижение чести; потерпевшего оскорбляли неоднократно.",
        "Формула x*y*z, а затем a*b; f(x) = c*t**2; **жирный** текст... и дальше",
        "He chopped faggots of wood and carried the bundle home; she used a hoe in the garden.",
        "There was a chink in the wall, and a chink of light came through.",
        "Tom, Dick and Harry; Moby Dick; Dick Whittington and his cat.",
        "The dyke kept the sea out of the field. Spick and span. The flame-retarded fabric.",
        "Princess N*** and Prince P*** met in the town of M***.",
        "Знакомый князь Г*** приехал в город З***.",
    ],
)
def test_company_and_context_make_words_harmless(finder: ToxicityFinder, text: str) -> None:
    assert words(finder, text) == []


def test_phrases_against_groups_are_hate(finder: ToxicityFinder) -> None:
    for text in (
        "kill all jews",
        "Muslims should be deported!",
        "they say all immigrants are vermin",
        "бей жидов",
        "смерть хохлам",
        "таджики должны сдохнуть",
        "мигранты не люди",
        "Fucking Mexicans",
    ):
        assert "hate" in {level for _, level in words(finder, text)}, text
    for text in ("Jews and Muslims live here.", "Мигранты приехали работать.", "All women are invited."):
        assert words(finder, text) == [], text


def test_own_and_allowed_words() -> None:
    own = ToxicityFinder(own={"insult": ["чайник(|и)", "noob*"]}, allowed=["жоп*", "crap"])
    assert words(own, "Чайники и noobs; жопа, crap.") == [("Чайники", "insult"), ("noobs", "insult")]
    with pytest.raises(ConfigError, match="no entry"):
        ToxicityFinder(own={"hate": ["(а|б"]})


def test_overlapping_findings_leave_the_gravest(finder: ToxicityFinder) -> None:
    assert words(finder, "you stupid whore") == [("you stupid whore", "insult")]
    assert words(finder, "dirty nigger bitch") == [("nigger", "hate"), ("bitch", "insult")]


@settings(deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=80)
    | st.text("хуйпизда бляеёfuckshit*.#$@!1 -_\u0301\u200b\ud800", max_size=60)
)
def test_any_text_gives_places_in_order(text: str) -> None:
    found = _FINDER.find(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))


_FINDER = ToxicityFinder()


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*OBSCENE, *INSULTS, *HATE, "и", "the", "a", "х", "у", "й", "*", ".", "-", "\n"]), max_size=12
    )
)
def test_masked_words_are_gone(parts: list[str]) -> None:
    text = " ".join(parts)
    once = masked(text, _FINDER.find(text), frozenset({"obscene", "insult", "hate"}))
    assert masked(once, _FINDER.find(once), frozenset({"obscene", "insult", "hate"})) == once


def test_rates_thresholds_and_masks_by_hand() -> None:
    text = "word " * 399 + "shit"
    findings = _FINDER.find(text)
    assert len(findings) == 1
    results = level_results(text, findings, [], limits_of({}, {}, 0.2))
    assert results["obscene"].per_thousand == pytest.approx(1000 / 400)
    assert not results["obscene"].is_toxic  # 2.5 in a thousand, and 5 are the threshold
    assert level_results(text, findings, [], limits_of({"obscene": 2.5}, {}, 0.2))["obscene"].is_toxic
    short = level_results("oh shit", _FINDER.find("oh shit"), [], limits_of({}, {}, 0.2))
    assert short["obscene"].per_thousand == 10  # of a hundred words, not of two
    assert masked("oh shit, bitch", _FINDER.find("oh shit, bitch"), frozenset({"insult"})) == "oh shit, [insult]"
    assert starred("oh shit, bitch", _FINDER.find("oh shit, bitch")) == "oh s***, b****"


def test_the_step_annotates_masks_or_drops() -> None:
    documents = [
        Document("1", "Какая же это хуйня, идиоты. " + "Обычные слова. " * 300, "s"),
        Document("2", "kill all jews", "s"),
        Document("3", "Тихий вечер.", "s"),
    ]
    noted = list(step_of()(iter(documents)))
    assert [document.text for document in noted] == [document.text for document in documents]
    assert noted[0].meta == {"toxicity": "obscene:1 insult:1"}
    assert noted[1].meta == {"toxicity": "hate:1", "toxic": "hate"}
    assert noted[2].meta == {}
    step = step_of(actions={"obscene": "mask", "hate": "drop"})
    kept = list(step(iter(documents)))
    assert [document.id for document in kept] == ["1", "3"]
    assert kept[0].text.startswith("Какая же это [obscene], идиоты.")
    assert step.tally.edits == {"obscene": 1}
    assert step.tally.dropped == {"toxic: hate": 1}
    assert "jews" not in step.tally.dropped_samples["toxic: hate"].items[0].text


def test_the_report_shows_examples_at_every_threshold() -> None:
    step = step_of()
    list(step([Document("d1", "oh shit " + "word " * 98, "s"), Document("d2", "word " * 1998 + "fuck it", "s")]))
    tables = {table.title: table for table in step.tables()}
    assert tables["Toxicity"].rows[1][:4] == ("obscene", "2", "2", "1")
    rows = {row[0]: row[1:] for row in tables["obscene: listed words in a thousand"].rows}
    assert rows["0.5"][:2] == ("2", "1")
    assert rows["10"][:2] == ("1", "1")
    assert "d1: oh s***" in rows["10"][2]
    assert not any("shit" in cell or "fuck" in cell for table in tables.values() for row in table.rows for cell in row)


def test_tallies_of_parts_are_the_tally_of_the_whole() -> None:
    documents = [Document(str(n), f"{'word ' * n} {word} you", "s") for n, word in enumerate([*OBSCENE, *HATE] * 2)]
    whole, left, right = step_of(), step_of(), step_of()
    list(whole(iter(documents)))
    list(left(iter(documents[:40])))
    list(right(iter(documents[40:])))
    right.tally.merge(left.tally)
    assert [table.rows for table in right.tables()] == [table.rows for table in whole.tables()]


def labelled(path: Path, num: int = 60) -> Path:
    toxic = ["go back where you came from", "nobody wants your kind here", "you people ruin everything"]
    clean = ["what a lovely morning in the park", "the recipe needs two eggs", "we met near the old station"]
    rows = [
        {"text": f"{pool[n % 3]}, number {n}", "label": label}
        for label, pool in (("hateful", toxic), ("none", clean))
        for n in range(num)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_filter_learns_what_no_list_has(tmp_path: Path) -> None:
    path = labelled(tmp_path / "labels.jsonl")
    options = {"labels": [str(path)], "label_levels": {"hateful": "hate"}, "actions": {"hate": "drop"}}
    step = step_of(**options)
    documents = [
        Document("1", "nobody wants your kind, go back where you came from, you people", "s"),
        Document("2", "two eggs and a lovely old station in the morning", "s"),
    ]
    kept = list(step(iter(documents)))
    assert [document.id for document in kept] == ["2"]
    assert float(kept[0].meta["toxicity_learned"].removeprefix("hate:")) < 0.2
    titles = [table.title for table in step.tables()]
    assert "Quality of the learned filter" in titles
    assert "hate: highest probability of a piece" in titles
    assert "Thresholds for 'hate'" in titles


def test_wrong_labelled_files_are_named(tmp_path: Path) -> None:
    path = labelled(tmp_path / "labels.jsonl")
    document = Document("1", "text", "s")
    with pytest.raises(ConfigError, match="none of the labels is a level"):
        step_of(labels=[str(path)]).judge(document)
    with pytest.raises(MissingError):
        step_of(labels=[str(tmp_path / "no.jsonl")]).judge(document)
    few = labelled(tmp_path / "few.jsonl", num=4)
    with pytest.raises(DataError, match="only 4 different examples"):
        step_of(labels=[str(few)], label_levels={"hateful": "hate"}).judge(document)


@given(st.text(st.sampled_from("ab .!?\n"), max_size=3000))
def test_pieces_cover_the_text_in_order(text: str) -> None:
    spans = list(pieces(text))
    assert all(start < end <= start + PIECE_CHARACTERS for start, end in spans)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())


@pytest.mark.skipif(not (SHARED / "hate_offensive_en").is_dir(), reason="the labelled tweets are not here")
def test_the_list_on_labelled_tweets() -> None:
    import csv
    import io

    import pyarrow as pa

    with pa.input_stream(SHARED / "hate_offensive_en" / "labeled_data.csv.zst", compression="zstd") as stream:
        rows = list(csv.DictReader(io.StringIO(stream.read().decode())))[::10]
    are_found = [bool(_FINDER.find(row["tweet"])) for row in rows]
    are_toxic = [row["class"] != "2" for row in rows]
    both = sum(a and b for a, b in zip(are_found, are_toxic, strict=True))
    assert both / sum(are_found) > 0.97
    assert both / sum(are_toxic) > 0.93
