"""The card of the data set, in the form that Hugging Face reads: README.md with a YAML head.

The head's keys and the sections are those of the card's specification and template (huggingface.co/docs/hub,
Dataset Cards). What nobody knows is said to be not known.
"""

from __future__ import annotations

import re
from typing import Any

from samovar.data.corpus_report import CorpusReport
from samovar.data.corpus_writer import SPLITS
from samovar.data.mixture.groups import NOT_KNOWN, OTHER
from samovar.data.report.checks import STATE_WORDS
from samovar.data.report.content import Content
from samovar.data.report.pages import environment

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
    (10_000_000_000, "1B<n<10B"),
    (100_000_000_000, "10B<n<100B"),
    (1_000_000_000_000, "100B<n<1T"),
)
_LEAST_LANGUAGE_SHARE = 0.01
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")
# Identifiers that the hub knows, of licences of text and code that are met often.
_LICENCES = frozenset(
    [
        "apache-2.0",
        "mit",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-4.0",
        "cc-by-nc-sa-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-4.0",
        "gpl-2.0",
        "gpl-3.0",
        "lgpl-3.0",
        "agpl-3.0",
        "mpl-2.0",
        "odc-by",
        "odbl",
        "pddl",
        "unlicense",
        "isc",
        "wtfpl",
        "artistic-2.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "cdla-sharing-1.0",
        "gfdl",
    ]
)


def dataset_card(report: CorpusReport) -> str:
    """The card: its YAML head and its sections, in the language of the report."""
    import yaml

    from samovar import __version__

    content = Content(report)
    made = environment(content.t.language, autoescape=False)
    body = made.get_template("card.md").render(
        content=content,
        report=report,
        t=content.t,
        version=__version__,
        state_words=STATE_WORDS,
        sources=_sources(report),
        languages=_languages(report),
        licence=_licence(report)["license"],
        step_names=[step.name for step in report.steps],
    )
    head = yaml.safe_dump(_head(report), allow_unicode=True, sort_keys=False)
    return f"---\n{head}---\n\n" + re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _head(report: CorpusReport) -> dict[str, Any]:
    head: dict[str, Any] = {}
    if report.name:
        head["pretty_name"] = report.name
    head |= _licence(report)
    if languages := _languages(report):
        head["language"] = languages
    head |= {
        "size_categories": [size_category(report.written.documents)],
        "task_categories": ["text-generation"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"{split}-*.parquet"} for split in SPLITS],
            }
        ],
    }
    return head


def size_category(documents: int) -> str:
    """The hub's word for a number of documents."""
    return next((name for limit, name in _SIZES if documents < limit), "n>1T")


def _languages(report: CorpusReport) -> list[str]:
    """Codes of the languages of at least a hundredth of the text, the commonest first."""
    found = [row.name.lower() for row in report.groups("language") if row.share >= _LEAST_LANGUAGE_SHARE]
    codes = [name.split("-")[0].split("_")[0] for name in found if name not in {NOT_KNOWN, OTHER}]
    return [code for code in dict.fromkeys(codes) if _LANGUAGE_CODE.fullmatch(code)]


def _licence(report: CorpusReport) -> dict[str, str]:
    """One licence where the whole text has it; what is not known of a part is not known of the whole."""
    found = [row.name for row in report.groups("licence")]
    if not found or NOT_KNOWN in found:
        return {"license": "unknown"}
    if len(found) == 1 and found[0].lower() in _LICENCES:
        return {"license": found[0].lower()}
    name = found[0] if len(found) == 1 else "several"
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-") or "other"}


def _sources(report: CorpusReport) -> list[str]:
    return [source.label for source in report.settings.sources] if report.settings is not None else []
