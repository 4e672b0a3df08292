"""Text damaged on its way: wrong decodings, HTML entities, ligatures, words cut at line ends."""

from __future__ import annotations

from typing import Literal

from samovar.data.document import Document
from samovar.data.steps.step import Edited, Step, StepSettings, Verdict


class RepairSettings(StepSettings):
    """Brings back text that was decoded wrongly, and other damage of converters and scanners."""

    step: Literal["repair"] = "repair"
    """Name of the step."""
    encoding: bool = True
    """Undo wrong decodings: UTF-8 read as another encoding (ftfy), and Russian tables read one as another."""
    entities: bool = True
    """Replace HTML entities (&amp;amp; and the like) by their characters in texts without tags."""
    ligatures: bool = True
    """Write Latin ligatures, which PDF files have, as single letters."""
    hyphens: bool = False
    """Join words that a hyphen cuts at a line end, as in scanned books."""


class Repair(Step):
    """Repairs what can be told surely. It is idempotent and remembers nothing."""

    settings_class = RepairSettings

    def judge(self, document: Document) -> Verdict:
        """The repaired text."""
        from samovar.data.language.repair import Repairs, repair

        settings = self.settings
        text, counts = repair(
            document.text, Repairs(settings.encoding, settings.entities, settings.ligatures, settings.hyphens)
        )
        return None if text == document.text else Edited(text, counts)
