"""Text of pictures by tesseract, where the user asked for it and has it."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from samovar.core.errors import MissingError

_TIMEOUT_S = 50.0


def text_of_image(image: bytes, languages: str) -> str:
    """What tesseract reads in a picture, in the languages that `rus+eng` names; '' where it fails on it.

    Raises:
        MissingError: tesseract is not installed.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise MissingError(
            "OCR was asked for, and tesseract is not installed",
            hint="install tesseract-ocr with its languages, or leave `ocr` out of the source",
        )
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "-l", languages],
            input=image,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (subprocess.TimeoutExpired, BrokenPipeError):
        return ""
    if done.returncode and b"language" in done.stderr:
        raise MissingError(
            f"tesseract has not all of the languages {languages}", hint="`tesseract --list-langs` names those it has"
        )
    return done.stdout.decode("utf-8", "replace").replace("\f", "")


def grey_map(pixels_HW: Any) -> bytes:
    """A picture in the simplest form that tesseract reads (portable grey map). ``pixels_HW``: uint8."""
    height, width = pixels_HW.shape[:2]
    return f"P5 {width} {height} 255\n".encode() + pixels_HW.reshape(height, width).tobytes()
