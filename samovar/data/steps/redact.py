"""E-mail addresses, phones and card numbers, masked."""

from __future__ import annotations

from typing import Literal

from samovar.data.document import Document
from samovar.data.personal import mask_personal
from samovar.data.steps.step import Edited, Step, StepSettings, Verdict


class RedactSettings(StepSettings):
    """Masks e-mail addresses, phones and card numbers as [email], [phone] and [card]."""

    step: Literal["redact"] = "redact"
    """Name of the step."""


class Redact(Step):
    """Masks personal data. What stood there is in no sample and no report."""

    settings_class = RedactSettings
    may_show_before = False

    def judge(self, document: Document) -> Verdict:
        """The same text with masks."""
        text, counts = mask_personal(document.text)
        return Edited(text, counts) if counts else None
