"""What an auditor asks first: which checks were made, with what result, and which were not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from samovar.data.mixture.groups import NOT_KNOWN, OFF_SHARE, REPEATED
from samovar.data.report.wording import Wording
from samovar.data.steps.step import Step

if TYPE_CHECKING:
    from samovar.data.corpus_report import CorpusReport

State = Literal["done", "look", "none", "unknown"]
"""done: made; look: somebody should look at the result; none: not made; unknown: there is nothing to know it from."""

STATE_WORDS: dict[State, str] = {"done": "made", "look": "look at it", "none": "not made", "unknown": "not known"}

_QUALITY = (
    "gopher_quality",
    "c4_quality",
    "fineweb_quality",
    "repetition",
    "textbook",
    "learned_quality",
    "perplexity",
)
_PASSAGES = ("substring_dedup", "line_dedup", "boilerplate")
_WELL_KNOWN = 0.95
"""Share of the text of which the licence or owner should be known."""


class Check(NamedTuple):
    """A check, its result, and the steps that made it."""

    what: str
    state: State
    result: str
    steps: list[str]


def checks_of(report: CorpusReport, t: Wording) -> list[Check]:
    """The checks in the order in which people ask for them."""
    by_name: dict[str, list[tuple[str, Step]]] = {}
    for name, step in zip(report.step_names, report.steps, strict=True):
        by_name.setdefault(step.name, []).append((name, step))

    def made(what: str, kinds: Iterable[str], result: Callable[[list[Step]], str], missing: str) -> Check:
        found = [entry for kind in kinds for entry in by_name.get(kind, [])]
        if not found:
            return Check(t(what), "none", t(missing), [])
        return Check(t(what), "done", result([step for _, step in found]), [name for name, _ in found])

    def left_out(steps: list[Step]) -> str:
        return t("{count} documents left out", count=sum(sum(step.tally.dropped.values()) for step in steps))

    def edited(steps: list[Step]) -> str:
        count = sum(step.tally.num_edited for step in steps)
        return left_out(steps) + ", " + t("{count} documents edited", count=count)

    def marked(steps: list[Step]) -> str:
        count = sum(row.documents for row in report.groups("toxic") if row.name != NOT_KNOWN)
        return edited(steps) + ", " + t("{count} documents of the corpus marked", count=count)

    def held(steps: list[Step]) -> str:
        marked = sum(sum(step.tally.found["documents"].values()) for step in steps)
        return t("found in {count} documents", count=marked) + ", " + left_out(steps)

    toxic = [name for name in by_name if "toxic" in name]
    not_looked = "not looked for"
    return [
        _files_check(report, t),
        made("Personal and confidential data", ["redact"], _personal_result(report, t), not_looked),
        made("Toxic and obscene text", toxic, marked, not_looked),
        _contamination_check(made("Evaluation questions in the text", ["decontaminate"], held, not_looked), report, t),
        made("Exact copies", ["exact_dedup"], left_out, not_looked),
        made("Near copies", ["near_dedup", "semantic_dedup"], left_out, not_looked),
        made("Repeated passages and lines", _PASSAGES, edited, not_looked),
        made("Broken characters", ["repair"], edited, not_looked),
        made("Languages", ["language"], left_out, "not told apart"),
        made("Quality rules", [name for name in _QUALITY if name in by_name], left_out, "none applied"),
        _known_check(report, t, "licence", "Licences"),
        _known_check(report, t, "owner", "Owners"),
        _mixture_check(made("Mixture", ["balance"], left_out, "as the sources gave it"), report, t),
    ]


def _files_check(report: CorpusReport, t: Wording) -> Check:
    unread = sum(report.account.reasons.values())
    result = t("{unread} of {files} files gave no text", unread=unread, files=report.account.num_files)
    return Check(t("Files read"), "look" if unread else "done", result, [])


def _personal_result(report: CorpusReport, t: Wording) -> Callable[[list[Step]], str]:
    def result(steps: list[Step]) -> str:
        left_out = sum(sum(step.tally.dropped.values()) for step in steps)
        masked = t(
            "{places} places of {kinds} kinds replaced", places=sum(report.masked.values()), kinds=len(report.masked)
        )
        return masked + (", " + t("{count} documents left out", count=left_out) if left_out else "")

    return result


def _contamination_check(check: Check, report: CorpusReport, t: Wording) -> Check:
    """A step that was given nothing to compare with has not looked."""
    sets = [name for step in report.steps if step.name == "decontaminate" for name in step.settings.against]
    if check.steps and not sets:
        return check._replace(state="none", result=t("no evaluation set was named"))
    return check


def _known_check(report: CorpusReport, t: Wording, by: str, what: str) -> Check:
    share = report.known_share(by)
    if not share:
        return Check(t(what), "unknown", t("not known of any document"), [])
    state: State = "done" if share >= _WELL_KNOWN else "look"
    return Check(t(what), state, t("known of {share} of the text", share=t.share(share)), [])


def _mixture_check(check: Check, report: CorpusReport, t: Wording) -> Check:
    """Which groups repeat, fell short of their shares, or are not there."""
    repeated, short, missing = [], [], []
    for step in report.steps:
        if step.name != "balance":
            continue
        groups = step.metrics()["groups"]
        for name, row in groups.items():
            if row["epochs"] > REPEATED:
                repeated.append(f"{name} × {t.decimal(row['epochs'])}")
            if row["is_capped"] and row["wanted_share"] - row["share"] > OFF_SHARE:
                short.append(f"{name} {t.share(row['share'])} / {t.share(row['wanted_share'])}")
        missing += sorted({*step.settings.shares, *step.settings.max_epochs_of}.difference(groups))
    told = [
        t(phrase, groups=", ".join(names))
        for phrase, names in (
            ("over-sampled: {groups}", repeated),
            ("short of the wanted share: {groups}", short),
            ("named in the settings and not there: {groups}", missing),
        )
        if names
    ]
    return check._replace(state="look", result="; ".join([check.result, *told])) if told else check
