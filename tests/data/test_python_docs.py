"""The documentation of Python as documents: readable, the same every time, and made without importing what it reads."""

from __future__ import annotations

import hashlib
import inspect
import re
import subprocess
import sys
import textwrap

import pytest

from samovar.data.account import ReadingAccount
from samovar.data.document import Document
from samovar.data.plain_rst import plain_rst
from samovar.data.sources.docstrings import module_docs
from samovar.data.sources.python_docs import PythonDocsSource


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(PythonDocsSource().documents(ReadingAccount()))


@pytest.fixture(scope="module")
def text_by_id(documents: list[Document]) -> dict[str, str]:
    return {document.id: document.text for document in documents}


def test_there_is_much_and_all_ids_differ(documents: list[Document]) -> None:
    assert len({document.id for document in documents}) == len(documents) > 700
    assert sum(len(document.text) for document in documents) > 2_000_000


def test_docstrings_are_those_that_help_shows(text_by_id: dict[str, str]) -> None:
    text = text_by_id["python-docs/textwrap"]
    assert text.startswith("# textwrap\n\nText wrapping and filling.")
    assert f"## textwrap.fill{inspect.signature(textwrap.fill)}".replace("**kwargs)", "") in text
    assert "## str" not in text
    assert (inspect.getdoc(textwrap.dedent) or "!").splitlines()[0] in text
    assert "# class textwrap.TextWrapper" in text_by_id["python-docs/textwrap.TextWrapper"]
    assert "## capitalize()" in text_by_id["python-docs/builtins/builtins.str"]


def test_markup_is_gone(text_by_id: dict[str, str]) -> None:
    text = "\n".join(text_by_id.values())
    assert not re.findall(r":(?:func|class|meth|mod|exc|data|attr|ref):`", text)
    assert not re.findall(r"^ *\.\. (?:note|versionadded|versionchanged|deprecated|code-block)::", text, re.MULTILINE)
    assert not re.findall(r"^[=*]{10,}$", text, re.MULTILINE)


def test_nothing_is_imported_and_the_text_is_the_same_in_every_process(documents: list[Document]) -> None:
    code = (
        "import sys, hashlib\n"
        "from samovar.data.account import ReadingAccount\n"
        "from samovar.data.sources.python_docs import PythonDocsSource\n"
        "documents = list(PythonDocsSource().documents(ReadingAccount()))\n"
        "print(sorted({'antigravity', 'this', 'turtle', 'tkinter', 'idlelib', 'test'} & set(sys.modules)))\n"
        "print(hashlib.sha256(repr(documents).encode()).hexdigest())\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    digest = hashlib.sha256(repr(documents).encode()).hexdigest()
    assert (result.stdout.split(), result.stderr) == (["[]", digest], "")


def test_a_module_by_example() -> None:
    source = b'''
"""About tea."""
import nowhere_to_be_found

class Pot:
    """Holds :class:`Tea`."""
    def __init__(self, size: int = 2, *, color="red"):
        """Make one."""
    @property
    def level(self):
        """How full it is."""
    @level.setter
    def level(self, value):
        """Fill it."""
    def hidden(self): pass

# Pours the tea into the cup, without a drop beside.
def pour(pot, /, cup, *more, **rest) -> bool: ...
'''
    docs = module_docs(source, "tea")
    assert (docs.name, docs.text) == ("tea", "About tea.")
    assert [section.render(level=2) for section in docs.sections] == [
        "## class tea.Pot(size: int=2, *, color='red')\n\nHolds Tea.\n\n"
        "### __init__\n\nMake one.\n\n### level\n\nHow full it is.",
        "## tea.pour(pot, /, cup, *more, **rest) -> bool\n\nPours the tea into the cup, without a drop beside.",
    ]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (":func:`os.path.join`, :class:`~a.b.C`, :meth:`!run`", "os.path.join, C, run"),
        ("see :ref:`the guide <guide-label>` and `docs <http://x>`_", "see the guide and docs"),
        ("``x`` is literal", "`x` is literal"),
        ("Use it::\n\n    f()", "Use it:\n\n    f()"),
        (".. versionadded:: 3.4", "New in version 3.4."),
        (".. versionchanged:: 3.4\n   More.", "Changed in version 3.4: \n   More."),
        (".. note:: Careful.", "note: Careful."),
        (".. code-block:: python\n\n   f()", "\n   f()"),
        (":param int size: how much\n:rtype: str\n:returns: it", "size: how much\nReturns: it"),
        ("Title\n=====\n\nText", "## Title\n\nText"),
        ("x = a == b", "x = a == b"),
        ("a: b\n-----x", "a: b\n-----x"),
        ("+---+----+\n| a | b  |\n|   | c  |\n+===+====+\n| 1 | 2  |\n+---+----+\n", "a | b c\n1 | 2\n"),
    ],
)
def test_plain_rst_by_example(written: str, plain: str) -> None:
    assert plain_rst(written) == plain


def test_who_built_python_and_when_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    before = PythonDocsSource().fingerprint()
    monkeypatch.setattr(sys, "version", "3.99.0 (main, Jan  1 2000, 00:00:00) [GCC 99]")
    assert PythonDocsSource().fingerprint() == before
