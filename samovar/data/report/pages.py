"""The pages themselves: report.html, which needs nothing else, and report.md."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from samovar.data.account import SHOWN_FILES_A_REASON
from samovar.data.corpus_report import CorpusReport
from samovar.data.report.checks import STATE_WORDS
from samovar.data.report.content import SHOWN_SAMPLES, Content
from samovar.data.report.differences import marked_masks, marked_pair
from samovar.data.report.wording import Wording
from samovar.data.steps.step import Table
from samovar.data.uri import shown_uri

if TYPE_CHECKING:
    from jinja2 import Environment

_NUMERIC = re.compile(r"[-−+<]?[\d.,\s\u202f]*\d\s?\u202f?%?|")
_LONG_TABLE_ROWS = 12
_SHORT_CELL = 40


def html(report: CorpusReport) -> str:
    """The report as one page without scripts or outside parts."""
    return _rendered("corpus.html", report)


def markdown(report: CorpusReport) -> str:
    """The report as Markdown."""
    return re.sub(r"\n{3,}", "\n\n", _rendered("corpus.md", report)).strip() + "\n"


@cache
def environment(language: str, *, autoescape: bool) -> Environment:
    """Templates with the filters of a language; made once, as compiling the pages takes longer than filling them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    t = Wording(language)
    made = Environment(
        loader=PackageLoader("samovar.data", "templates"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": t.number,
        "share": t.share,
        "short": t.short,
        "size": t.size,
        "cell": t.cell,
        "said": t.said,
        "kind": t.kind,
        "pipe": pipe_cell,
        "drawing": Markup,
    }
    return made


def _rendered(template: str, report: CorpusReport) -> str:
    from samovar import __version__

    content = Content(report)
    made = environment(content.t.language, autoescape=template.endswith(".html"))
    return made.get_template(template).render(
        content=content,
        report=report,
        t=content.t,
        version=__version__,
        shown_samples=SHOWN_SAMPLES,
        shown_files=SHOWN_FILES_A_REASON,
        long_table_rows=_LONG_TABLE_ROWS,
        numeric_columns=numeric_columns,
        is_short=is_short,
        state_words=STATE_WORDS,
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
    text: str = yaml.safe_dump({**settings, "steps": steps}, allow_unicode=True, sort_keys=False, width=100)
    return report.mask(shown_uri(text))


def is_numeric(cell: str) -> bool:
    """Whether a cell is a number, or empty."""
    return bool(_NUMERIC.fullmatch(cell.strip()))


def numeric_columns(table: Table) -> list[bool]:
    """For each column whether it has numbers alone, so that they stand to the right; the first one names its row."""
    if not table.rows:
        return [False] * len(table.head)
    columns = list(zip(*table.rows, strict=False))
    return [
        number > 0 and any(column) and all(is_numeric(cell) for cell in column) for number, column in enumerate(columns)
    ]


def is_short(table: Table) -> bool:
    """Whether a table has short cells alone, so that it need not fill the page."""
    return all(len(cell) <= _SHORT_CELL for row in table.rows for cell in row)


def pipe_cell(text: str) -> str:
    """``text`` as a cell of a Markdown table: one line, and no markup of its own."""
    line = " ".join(str(text).split())
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", line)
