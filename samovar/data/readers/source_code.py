"""Source code: kept as it is; its language is told by its name, its licence by an SPDX line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

_LANGUAGES = {
    "Ada": ".adb .ads",
    "Assembly": ".asm .s",
    "C": ".c .h",
    "C#": ".cs",
    "C++": ".cc .cpp .cxx .hh .hpp .hxx",
    "Clojure": ".clj .cljs",
    "COBOL": ".cbl .cob",
    "Dart": ".dart",
    "Elixir": ".ex .exs",
    "Erlang": ".erl .hrl",
    "F#": ".fs .fsx",
    "Fortran": ".f .f90 .f95 .for",
    "Go": ".go",
    "Groovy": ".groovy .gradle",
    "Haskell": ".hs",
    "Java": ".java",
    "JavaScript": ".js .mjs .cjs .jsx",
    "Julia": ".jl",
    "Kotlin": ".kt .kts",
    "Lisp": ".lisp .el .scm .rkt",
    "Lua": ".lua",
    "MATLAB": ".m",
    "Nim": ".nim",
    "Nix": ".nix",
    "OCaml": ".ml .mli",
    "Pascal": ".pas .dpr",
    "Perl": ".pl .pm",
    "PHP": ".php",
    "PowerShell": ".ps1",
    "Protocol Buffers": ".proto",
    "Python": ".py .pyi .pyx",
    "R": ".r",
    "Ruby": ".rb",
    "Rust": ".rs",
    "Scala": ".scala",
    "Shell": ".sh .bash .zsh",
    "SQL": ".sql",
    "Swift": ".swift",
    "TeX": ".tex",
    "TypeScript": ".ts .tsx",
    "Verilog": ".v .sv",
    "VHDL": ".vhd .vhdl",
    "Visual Basic": ".vb .bas .vbs",
    "Vue": ".vue",
    "YAML": ".yaml .yml",
    "TOML": ".toml",
    "1C": ".bsl .os",
    "Zig": ".zig",
}
_LANGUAGE_OF_SUFFIX = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()}
SUFFIXES = tuple(_LANGUAGE_OF_SUFFIX)

_INTERPRETERS = {
    "python": "Python",
    "sh": "Shell",
    "bash": "Shell",
    "perl": "Perl",
    "ruby": "Ruby",
    "node": "JavaScript",
}
_SHEBANG = re.compile(r"#!\s*\S*?/(?:env\s+(?:-S\s+)?)?([a-z]+)[\d.]*(?:\s|$)")
_LICENCE = re.compile(r"SPDX-License-Identifier:\s*([\w.+() -]{2,100}?)\s*(?:\*/|-->|$)", re.MULTILINE)
_AUTHOR = re.compile(r"(?:^|\W)(?:@author|__author__\s*=)\s*[\"']?([^\"'\n*]{2,100})", re.MULTILINE)


def recognises(head: str) -> bool:
    """Whether it names its interpreter in the first line."""
    return _SHEBANG.match(head) is not None


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one."""
    head = file.head(4096)
    meta = {}
    language = _LANGUAGE_OF_SUFFIX.get(file.suffix)
    if shebang := _SHEBANG.match(head):
        language = language or _INTERPRETERS.get(shebang[1])
    if language:
        meta["programming_language"] = language
    for name, pattern in (("licence", _LICENCE), ("author", _AUTHOR)):
        if found := pattern.search(head):
            meta[name] = found[1].strip()
    return file.documents(file.blocks(), meta=meta)
