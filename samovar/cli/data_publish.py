"""`samovar data publish`: a corpus copied to a URI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samovar.cli.terminal import say

EXAMPLE = "samovar data publish corpus s3://bucket/corpus"

Corpus = Annotated[
    Path, typer.Argument(metavar="CORPUS", help="A corpus that `samovar data` made.", show_default=False)
]
Target = Annotated[
    str,
    typer.Argument(metavar="URI", help="Where it goes: s3://, gs:// or what else fsspec opens.", show_default=False),
]


def run(corpus: Corpus, uri: Target) -> None:
    """Copy a corpus to a URI, over an earlier one; while the manifest is there, the copy is whole."""
    from samovar.core.progress import Progress
    from samovar.data.publish import files_to_publish, publish
    from samovar.data.uri import shown_uri

    size_bytes = sum((corpus / name).stat().st_size for name in files_to_publish(corpus))
    with Progress("publish", size_bytes or None, unit="bytes") as progress:
        num_files = publish(corpus, uri, advance=progress.advance)
    say(f"{shown_uri(uri)}: {num_files} files")
