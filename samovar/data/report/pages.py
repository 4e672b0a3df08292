"""The pages themselves: report.html, which needs nothing else, and report.md."""

from __future__ import annotations

import re
from typing import Any

from samovar.data.account import SHOWN_FILES_A_REASON
from samovar.data.corpus_report import CorpusReport
from samovar.data.report.content import SHOWN_SAMPLES, Content
from samovar.data.report.differences import marked_masks, marked_pair

_NUMERIC = re.compile(r"[-−<]?[\d.,\s\u202f]*\d\s?\u202f?%?|")
_LONG_TABLE_ROWS = 12


def html(report: CorpusReport) -> str:
    """The report as one page without scripts or outside parts."""
    return _rendered("corpus.html", report)


def markdown(report: CorpusReport) -> str:
    """The report as Markdown."""
    return re.sub(r"\n{3,}", "\n\n", _rendered("corpus.md", report)).strip() + "\n"


def _rendered(template: str, report: CorpusReport) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from samovar import __version__

    content = Content(report)
    environment = Environment(
        loader=PackageLoader("samovar.data", "templates"),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": content.t.number,
        "share": content.t.share,
        "short": content.t.short,
        "size": content.t.size,
        "cell": content.t.cell,
        "pipe": pipe_cell,
        "drawing": Markup,
    }
    return environment.get_template(template).render(
        content=content,
        report=report,
        t=content.t,
        version=__version__,
        shown_samples=SHOWN_SAMPLES,
        shown_files=SHOWN_FILES_A_REASON,
        long_table_rows=_LONG_TABLE_ROWS,
        is_numeric=is_numeric,
        numeric_columns=numeric_columns,
        marked_pair=marked_pair,
        marked_masks=marked_masks,
        recipe=recipe_of(report),
    )


def recipe_of(report: CorpusReport) -> str:
    """The settings of the stage that differ from the defaults, as YAML; own words and patterns are left out."""
    if report.settings is None:
        return ""
    import yaml

    settings = report.settings.model_dump(mode="json", exclude_defaults=True)
    steps: list[Any] = []
    for step in report.settings.steps:
        changed = step.model_dump(mode="json", exclude_defaults=True)
        if own := changed.get("own"):
            changed["own"] = f"{len(own)} words or patterns, which stay confidential"
        changed.pop("step", None)
        steps.append({"step": step.step, **changed} if changed else step.step)
    text = yaml.safe_dump({**settings, "steps": steps}, allow_unicode=True, sort_keys=False, width=100)
    return report.mask(str(text))


def is_numeric(cell: str) -> bool:
    """Whether a cell is a number, or empty."""
    return bool(_NUMERIC.fullmatch(cell.strip()))


def numeric_columns(rows: list[tuple[str, ...]]) -> list[bool]:
    """For each column whether it has numbers alone, so that they stand to the right."""
    columns = list(zip(*rows, strict=False))
    return [all(is_numeric(cell) for cell in column) and any(column) for column in columns]


def pipe_cell(text: str) -> str:
    """``text`` as a cell of a Markdown table: one line, and no markup of its own."""
    line = " ".join(str(text).split())
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", line)
