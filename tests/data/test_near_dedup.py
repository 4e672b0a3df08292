"""Near-duplicates: as many are found as the formula says, none is dropped that is not one, the right copy stays."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samovar.data.document import Document
from samovar.data.duplicates import clusters, near_index
from samovar.data.duplicates.clusters import Group
from samovar.data.duplicates.facts import UNKNOWN_TIME, modified_time
from samovar.data.duplicates.minhash import probability_of_finding
from samovar.data.steps.near_dedup import NearDedup, NearDedupSettings
from tests.data.planted import Pair, planted_pair, random_words, true_similarity

Kept = list[str]


class Grouped(NearDedup):
    """The step, and the groups of copies that it counted."""

    def __init__(self, settings: NearDedupSettings) -> None:
        super().__init__(settings)
        self.groups: list[Group] = []

    def count_group(self, group: Group) -> None:
        super().count_group(group)
        if group.copies:
            self.groups.append(replace(group))  # of a large cluster the same one comes with every part


def documents_of(texts: Sequence[str], metas: Sequence[dict[str, str]] | None = None) -> list[Document]:
    return [Document(str(i), text, "test", dict(metas[i]) if metas else {}) for i, text in enumerate(texts)]


def dedup(documents: Sequence[Document], **settings: Any) -> tuple[Grouped, Kept]:
    step = Grouped(NearDedupSettings(**settings))
    return step, [document.id for document in step(iter(documents))]


def pairs_of(similarity: float, count: int) -> list[Pair]:
    rng = random.Random(f"pairs {similarity}")
    return [planted_pair(rng, similarity) for _ in range(count)]


def found_share(step: NearDedup) -> int:
    return sum(step.tally.dropped.values())


@pytest.mark.parametrize("similarity", [0.5, 0.6, 0.7, 0.8, 0.9])
def test_as_many_pairs_are_found_as_the_formula_says(similarity: float) -> None:
    pairs = pairs_of(similarity, 300)
    texts = [text for pair in pairs for text in (pair.text, pair.other)]
    step, _ = dedup(documents_of(texts), min_similarity=0)
    chances = [probability_of_finding(pair.similarity) for pair in pairs]
    expected, deviation = sum(chances), math.sqrt(sum(chance * (1 - chance) for chance in chances))
    # Four standard deviations: a right implementation fails once in sixteen thousand seeds.
    assert abs(found_share(step) - expected) <= 4 * deviation + 0.5
    found = [(group.kept.number, copy.number) for group in step.groups for copy in group.copies]
    assert all(one // 2 == other // 2 for one, other in found)


def test_the_formula_gives_fineweb_s_probabilities() -> None:
    assert [round(probability_of_finding(s), 3) for s in (0.5, 0.7, 0.8, 0.9)] == [0.053, 0.565, 0.924, 1.0]
    step, _ = dedup([])
    assert ("0.80", "0.924") in step.tables()[0].rows


def test_nothing_is_dropped_below_the_wanted_similarity() -> None:
    pairs = [pair for similarity in (0.6, 0.65, 0.7, 0.75, 0.8) for pair in pairs_of(similarity, 60)]
    texts = [text for pair in pairs for text in (pair.text, pair.other)]
    step, kept = dedup(documents_of(texts), min_similarity=0.72)
    dropped = set(map(str, range(len(texts)))) - set(kept)
    assert {copy.id for group in step.groups for copy in group.copies} == dropped
    assert len(dropped) > 40
    for group in step.groups:
        for copy in group.copies:
            true = true_similarity(texts[group.kept.number], texts[copy.number])
            assert true >= 0.72
            assert copy.similarity == pytest.approx(true)
    refused = next(table.note for table in step.tables() if "by size" in table.title)
    assert not refused.startswith("0 ")


def test_case_punctuation_and_spaces_do_not_count_and_digits_do() -> None:
    text = " ".join(random_words(random.Random(1), 60))
    other = "«" + text.upper().replace(" ", ",\n ") + "!»"
    _, kept = dedup(documents_of([text, other]), keep="first")
    assert kept == ["0"]
    invoices = [f"{text[:40]} сумма 12 {number} рублей" for number in (10, 99)]
    assert dedup(documents_of(invoices))[1] == ["0", "1"]
    assert dedup(documents_of(invoices), numbers="ignore")[1] == ["0"]


@pytest.mark.parametrize(("keep", "stays"), [("newest", "1"), ("longest", "2"), ("first", "0")])
def test_which_copy_stays(keep: str, stays: str) -> None:
    words = random_words(random.Random(2), 200)
    texts = [" ".join(words), " ".join(words), " ".join([*words, "and", "more"])]
    metas = [{"modified": "2021-05-01"}, {"modified": "2023-01-01T10:00:00"}, {"modified": "2021-06-01"}]
    step, kept = dedup(documents_of(texts, metas), keep=keep)
    assert kept == [stays]
    (group,) = step.groups
    assert (group.kept.id, len(group.copies)) == (stays, 2)
    details = [sample.detail for sample in step.tally.dropped_samples["near-duplicate"].items]
    assert all(f"to {stays}, which stays" in detail for detail in details)


def test_without_dates_the_longest_stays_then_the_first() -> None:
    words = random_words(random.Random(3), 200)
    assert dedup(documents_of([" ".join(words), " ".join([*words, "end"]), " ".join(words)]))[1] == ["1"]
    assert dedup(documents_of([" ".join(words)] * 2))[1] == ["0"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1970-01-02", 86400.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("Thu, 01 Jan 1970 00:00:10 +0000", 10.0),
        ("86400.5", 86400.5),
        ("yesterday", UNKNOWN_TIME),
        ("nan", UNKNOWN_TIME),
        ("", UNKNOWN_TIME),
    ],
)
def test_times_in_the_forms_that_readers_give(value: str, seconds: float) -> None:
    assert modified_time(Document("1", "", "", {"date": value, "modified": "?"})) == seconds


def test_a_chain_keeps_what_is_far_from_the_kept_one() -> None:
    words = random_words(random.Random(4), 1000)
    # Each window shares 90 % of its words with the next: neighbours are similar, the ends share nothing.
    texts = [" ".join(words[start : start + 300]) for start in range(0, 600, 30)]
    step, kept = dedup(documents_of(texts))
    stays = [int(number) for number in kept]
    assert 2 <= len(stays) < len(texts)
    for number, text in enumerate(texts):
        near = [other for other in stays if true_similarity(text, texts[other]) >= 0.7]
        assert near == [number] if number in stays else near
    assert dedup(documents_of([texts[number] for number in stays]))[1] == [str(i) for i in range(len(stays))]
    assert sum(len(group.copies) for group in step.groups) == len(texts) - len(stays)


def test_prepared_hashes_are_used_where_they_belong_to_the_text() -> None:
    pairs = pairs_of(0.9, 20)
    documents = documents_of([text for pair in pairs for text in (pair.text, pair.other)])
    plain, expected = dedup(documents_of([document.text for document in documents]))
    worker = NearDedup(NearDedupSettings())
    for document in documents:
        document.meta[NearDedup.PREPARED] = worker.prepare(document).hex()
    stale = NearDedup(NearDedupSettings()).prepare(Document("x", "other text", "test"))
    documents[0].meta[NearDedup.PREPARED] = stale.hex()
    assert len(stale) == 8 + 14 * 8
    step = Grouped(NearDedupSettings())
    kept = list(step(iter(documents)))
    assert [document.id for document in kept] == expected
    assert all(not document.meta for document in kept)
    assert step.groups == plain.groups


def test_prepared_hashes_decide_which_documents_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step itself computes none where they came along."""
    documents = documents_of([" ".join(random_words(random.Random(5), 50))] * 2)
    worker = NearDedup(NearDedupSettings())
    for document in documents:
        document.meta[NearDedup.PREPARED] = worker.prepare(document).hex()
    monkeypatch.setattr("samovar.data.duplicates.minhash.Sketch.band_hashes", None)
    assert dedup(documents)[1] == ["0"]


def test_clusters_larger_than_a_part_leave_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_index, "MAX_MEMBERS", 7)
    monkeypatch.setattr(clusters, "MAX_MEMBERS", 7)
    words = random_words(random.Random(6), 300)
    texts = [" ".join([*words, str(number)]) for number in range(40)]
    step, kept = dedup(documents_of(texts))
    assert len(kept) == 1
    assert sum(len(group.copies) for group in step.groups) == 39


def test_many_kept_in_one_cluster_are_compared_by_their_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_ALL_COMPARED", 1)
    monkeypatch.setattr(clusters, "_SHINGLE_BYTES", 1000)  # read again all the time
    words = random_words(random.Random(4), 2000)
    texts = [" ".join(words[start : start + 300]) for start in range(0, 1600, 20)]
    _, kept = dedup(documents_of(texts))
    _, again = dedup(documents_of([texts[int(number)] for number in kept]))
    assert len(again) == len(kept) < len(texts) / 2


def test_empty_and_tiny_texts() -> None:
    _, kept = dedup(documents_of(["", "...", "one", "ONE!", "one two", "\ud800", "😀", "😀"]), keep="first")
    assert kept == ["0", "1", "2", "4", "5", "6", "7"]


def test_the_largest_clusters_and_their_sizes_are_in_the_report(tmp_path: Path) -> None:
    rng = random.Random(7)
    texts = []
    for size in (2, 3, 6):
        words = random_words(rng, 200)
        texts += [" ".join([*words, str(number)]) for number in range(size)]
    step = NearDedup(NearDedupSettings())
    step.scratch = tmp_path / "step"
    list(step(iter(documents_of(texts))))
    tables = {table.title: table.rows for table in step.tables()}
    assert tables["Clusters by size (near-duplicate)"] == [("2 to 3", "2"), ("4 to 7", "1")]
    assert tables["Largest clusters (near-duplicate)"][0][0] == "6"
    assert {row[1] for row in tables["Largest clusters (near-duplicate)"]} == {"0", "2", "5"}
    assert not list(step.scratch.glob("*.spool"))
