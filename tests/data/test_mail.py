"""Letters and mailboxes, written by the standard library."""

from __future__ import annotations

from email.header import Header
from email.message import EmailMessage
from pathlib import Path

from tests.data.reading import read, read_one, write_contract


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Мария <m@x.ru>"
    message["To"] = "b@x.ru"
    message["Subject"] = "Счёт за май"
    message["Date"] = "Fri, 03 May 2024 10:00:00 +0300"
    message["Message-ID"] = "<1@x.ru>"
    message.set_content("Добрый день!\n\nВысылаю счёт.\n", charset="koi8-r")
    return message


LETTER = (
    "From: Мария <m@x.ru>\nTo: b@x.ru\nDate: Fri, 03 May 2024 10:00:00 +0300\nSubject: Счёт за май\n\n"
    "Добрый день!\n\nВысылаю счёт."
)


def test_eml_with_attachments(tmp_path: Path) -> None:
    contract = tmp_path / "contract.docx"
    write_contract(contract)
    message = letter()
    message.add_alternative("<p>Добрый день!</p>", subtype="html")
    message.add_attachment(
        contract.read_bytes(), maintype="application", subtype="octet-stream", filename="../договор.docx"
    )
    message.add_attachment("a,b\n1,2\n", filename="t.csv")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="photo.png")
    path = tmp_path / "letter"
    path.write_bytes(message.as_bytes())
    (body, attached, table), account = read(path)
    assert body.text == LETTER
    assert body.meta == {"author": "Мария <m@x.ru>", "title": "Счёт за май", "date": "2024-05-03T10:00:00+03:00"}
    assert attached.id == "letter!/.._договор.docx".replace("..", "", 1)
    assert attached.text.startswith("# Договор аренды")
    assert attached.meta["date"] == "2024-05-03T10:00:00+03:00"
    assert (table.id, table.text) == ("letter!/t.csv", "a | b\n1 | 2\n")
    assert [(member.file, member.reason) for member in account.members] == [
        (attached.id, ""),
        (table.id, ""),
        ("letter!/photo.png", "an image, which only OCR reads"),
    ]


def test_a_letter_is_one_behind_the_headers_of_many_servers(tmp_path: Path) -> None:
    seals = "".join(f"ARC-Seal: i={number}; {'b' * 60}\n\t{'c' * 70}\nX-Empty:\n" for number in range(40))
    path = tmp_path / "letter.eml"
    path.write_bytes(seals.encode() + letter().as_bytes())
    [body], account = read(path)
    assert account.format == "mail"
    assert body.text == LETTER


def test_an_encoded_name_of_an_attachment_is_decoded(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment("a,b\n1,2\n", filename="plain.csv")
    path = tmp_path / "letter.eml"
    for charset in ("utf-8", "koi8-r"):
        encoded = Header("цены за/май.csv", charset).encode()
        assert encoded.startswith("=?")
        path.write_bytes(message.as_bytes().replace(b"plain.csv", encoded.encode()))
        _, table = read(path)[0]
        assert (table.id, table.meta["member"]) == ("letter.eml!/цены за_май.csv", "цены за_май.csv")


def test_eml_of_a_page_only_and_of_raw_bytes(tmp_path: Path) -> None:
    page = letter()
    page.set_content("<p>Hello <b>there</b><p>Bye", subtype="html")
    path = tmp_path / "page.eml"
    path.write_bytes(page.as_bytes())
    assert read_one(path).text.endswith("\n\nHello there\n\nBye")
    path.write_bytes("From: Иван\nTo: b\nSubject: Привет\nDate: never\n\nПросто текст.\n".encode("cp1251"))
    document = read_one(path)
    assert document.text == "From: Иван\nTo: b\nDate: never\nSubject: Привет\n\nПросто текст."
    assert document.meta == {"author": "Иван", "title": "Привет"}


def test_mbox(tmp_path: Path) -> None:
    path = tmp_path / "box"
    second = letter()
    second.set_content("From here on it is quoted.\n")
    quoted = second.as_bytes().replace(b"\nFrom here", b"\n>From here")
    path.write_bytes(b"From a@x Fri May  3 10:00:00 2024\n" + letter().as_bytes() + b"\n\nFrom b@x x\n" + quoted)
    first, other = read(path)[0]
    assert (first.id, first.text.strip(), first.meta["message"]) == ("box:1", LETTER, "1")
    assert (other.id, other.text.splitlines()[-1]) == ("box:2", "From here on it is quoted.")
