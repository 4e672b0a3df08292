"""What an auditor asks first: which checks were made, with what result, and which were not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from samovar.data.report.wording import Wording
from samovar.data.steps.step import Step

if TYPE_CHECKING:
    from samovar.data.corpus_report import CorpusReport

State = Literal["done", "look", "none"]
"""done: made; look: somebody should look at the result; none: not made."""

_QUALITY = ("gopher_quality", "c4_quality", "fineweb_quality", "repetition", "textbook", "learned_quality", "perplexity")
_PASSAGES = ("substring_dedup", "line_dedup", "boilerplate")
_WELL_KNOWN = 0.95
"""Share of the text of which the licence or owner should be known."""


class Check(NamedTuple):
    """A check and its result; ``anchors`` are the places of its steps on the page, by name."""

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

    toxic = [name for name in by_name if "toxic" in name]
    not_looked = "not looked for"
    return [
        _files_check(report, t),
        made("Personal and confidential data", ["redact"], _personal_result(report, t), not_looked),
        made("Toxic and obscene text", toxic, edited, not_looked),
        _contamination_check(made("Evaluation questions in the text", ["decontaminate"], left_out, not_looked), report, t),
        made("Exact copies", ["exact_dedup"], left_out, not_looked),
        made("Near copies", ["near_dedup", "semantic_dedup"], left_out, not_looked),
        made("Repeated passages and lines", _PASSAGES, edited, not_looked),
        made("Broken characters", ["repair"], edited, not_looked),
        made("Languages", ["language"], left_out, "not told apart"),
        made("Quality rules", [name for name in _QUALITY if name in by_name], left_out, "none applied"),
        _known_check(report, t, "licence", "Licences"),
        _known_check(report, t, "owner", "Owners"),
        _mixture_check(made("Mixture", ["balance"], left_out, "as the sources gave it"), report),
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
        return Check(t(what), "none", t("not known of any document"), [])
    state: State = "done" if share >= _WELL_KNOWN else "look"
    return Check(t(what), state, t("known of {share} of the text", share=t.share(share)), [])


def _mixture_check(check: Check, report: CorpusReport) -> Check:
    warnings = [
        warning
        for step in report.steps
        if step.name == "balance"
        for warning in step.metrics().get("warnings", [])
    ]
    return check._replace(state="look", result="; ".join([check.result, *warnings])) if warnings else check
