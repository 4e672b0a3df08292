"""Workbooks of Excel, old and new, and of LibreOffice: a document a sheet, or a row where a column holds text."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from samovar.core.extras import require
from samovar.data.document import Document
from samovar.data.readers.csv_table import table_documents
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.office_parts import opened_parts, properties

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xltx", ".ods")
ZIP_PARTS = ("xl/workbook.xml", "xl/workbook.bin")
ZIP_TYPES = (b"application/vnd.oasis.opendocument.spreadsheet",)
IS_ISOLATED = True


def read(file: InputFile) -> Iterator[Document]:
    """The documents of every sheet, in the workbook's order."""
    with opened_parts(file) as container:
        meta = properties(container, "docProps/core.xml", "docProps/app.xml", "meta.xml")
    yield from sheets(file, meta)


def sheets(file: InputFile, meta: dict[str, str]) -> Iterator[Document]:
    """The documents of every sheet. Hidden ones, which hold lists for other sheets, are left out and counted."""
    calamine = require("python_calamine", extra="data")
    with file.on_disk() as path:
        try:
            book = calamine.CalamineWorkbook.from_path(str(path))
        except calamine.CalamineError as error:
            if "password" in str(error).lower():
                raise UnreadableError("protected with a password") from error
            raise UnreadableError("a damaged workbook") from error
        for sheet in book.sheets_metadata:
            if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            if sheet.visible != calamine.SheetVisibleEnum.Visible:
                file.account.note("a hidden sheet, left out", sheet.name)
                continue
            try:
                rows = book.get_sheet_by_name(sheet.name).iter_rows()
                written = ([_written(cell) for cell in row] for row in rows)
                full = (row for row in written if any(row))
                yield from table_documents(file, full, place=sheet.name, meta=meta | {"sheet": sheet.name})
            except calamine.CalamineError:
                file.account.note("a damaged sheet, left out", sheet.name)


def _written(cell: Any) -> str:
    """A cell as a person would read it."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
    return str(cell)
