"""Reads a file as the tests of readers do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx

from samovar.data.account import FileAccount
from samovar.data.document import Document
from samovar.data.readers import InputFile, read_file


def read(path: Path, **options: Any) -> tuple[list[Document], FileAccount]:
    account = FileAccount(path.name)
    documents = []
    for document in read_file(InputFile(path, path.name, account, **options)):
        account.documents += 1
        assert document.meta.pop("modified")
        documents.append(document)
    return documents, account


def read_one(path: Path, **options: Any) -> Document:
    (document,), account = read(path, **options)
    assert not account.reason
    return document


def write_contract(path: Path) -> None:
    """A Word document of every kind of block, written by python-docx."""
    document = docx.Document()
    document.core_properties.author = "Мария Ким"
    document.core_properties.title = "Договор"
    document.add_heading("Договор аренды", 0)
    document.add_heading("Предмет", 1)
    paragraph = document.add_paragraph("Арендодатель передаёт ")
    paragraph.add_run("помещение").bold = True
    document.add_paragraph("стол", style="List Bullet")
    document.add_paragraph("раз", style="List Number")
    document.add_paragraph("два", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Комната", "Цена", "12", "100 руб."), strict=True):
        cell.text = text
    document.add_paragraph("Конец.")
    document.sections[0].header.paragraphs[0].text = "Колонтитул"
    document.save(str(path))
