"""Personal and confidential data: masked, given stand-ins, or a reason to leave a document out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from samovar.core.settings import Settings
from samovar.data.document import Document
from samovar.data.personal.kinds import BY_LANGUAGE, KINDS, OWN, Kind
from samovar.data.steps.step import Dropped, Edited, Marked, Step, StepSettings, Verdict

if TYPE_CHECKING:
    from samovar.data.personal.finding import Finding

# Meta whose digits are times. Keys with a colon hold what steps prepare for each other.
_TIMES = frozenset({"modified", "date", "created"})

Action = Literal["keep", "mask", "pseudonymise", "drop"]


class OwnSettings(Settings):
    """What of one's own must not leave: one of word, pattern and file. A bare string in a recipe is a word."""

    word: str = ""
    """A word or several, found in any case of letters and, where Russian, in any grammatical form."""
    pattern: str = ""
    """A regular expression in Python's syntax."""
    file: str = ""
    """A UTF-8 file with a word or several a line; '#' begins a comment. A path from the project's folder."""

    @model_validator(mode="before")
    @classmethod
    def _accept_word(cls, value: Any) -> Any:
        return {"word": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_one(self) -> OwnSettings:
        if sum(bool(one.strip()) for one in (self.word, self.pattern, self.file)) != 1:
            raise ValueError("needs exactly one of word, pattern and file")
        return self


class RedactSettings(StepSettings):
    """Finds personal and confidential data; masks them as [email], gives stand-ins, or drops the document."""

    step: Literal["redact"] = "redact"
    """Name of the step."""
    kinds: dict[Kind, Action] = {}
    """What becomes of each kind: keep, mask, pseudonymise or drop (the document). What is not named here is masked, but
    for person, address and birth_date, which are kept."""
    own: list[OwnSettings] = []
    """Your own words and patterns that must not leave: names of projects, customers, places."""
    own_action: Action = "mask"
    """What becomes of them."""
    key_file: str = ""
    """File with the key of pseudonyms, made if absent; the map back lies beside it. A path from the project's folder;
    keep both out of what you hand on."""

    @model_validator(mode="after")
    def _check_key(self) -> RedactSettings:
        if "pseudonymise" in self.actions().values() and not self.key_file:
            raise ValueError("pseudonymise needs a key_file")
        return self

    def below(self, root: Path) -> Self:
        """The same with the files' paths taken from ``root``."""
        own = [one.model_copy(update={"file": str(root / one.file)}) if one.file else one for one in self.own]
        key_file = str(root / self.key_file) if self.key_file else ""
        return self.model_copy(update={"own": own, "key_file": key_file})

    def files(self) -> list[Path]:
        """The lists of words."""
        return [Path(one.file) for one in self.own if one.file]

    def own_files(self) -> list[Path]:
        """The key."""
        return [Path(self.key_file)] if self.key_file else []

    def actions(self) -> dict[str, Action]:
        """The action for every kind."""
        chosen: dict[str, Action] = {kind: "keep" if kind in BY_LANGUAGE else "mask" for kind in KINDS}
        chosen.update({str(kind): action for kind, action in self.kinds.items()})
        return {**chosen, OWN: self.own_action if self.own else "keep"}


class Redact(Step):
    """Redacts personal data. What stood there is in no sample, no report and no error."""

    settings_class = RedactSettings
    may_show_before = False

    def __init__(self, settings: RedactSettings, *, seed: int = 0) -> None:
        from samovar.data.personal.finder import PersonalFinder
        from samovar.data.personal.own import own_detector, read_words

        super().__init__(settings, seed=seed)
        self._actions = settings.actions()
        own = []
        if settings.own and settings.own_action != "keep":
            words = [one.word for one in settings.own if one.word]
            words += [word for one in settings.own if one.file for word in read_words(Path(one.file))]
            own = [own_detector(words, [one.pattern for one in settings.own if one.pattern])]
        self._finder = PersonalFinder([kind for kind, action in self._actions.items() if action != "keep"], own)
        if "pseudonymise" in self._actions.values():
            self._open_pseudonyms(Path(settings.key_file))

    def _open_pseudonyms(self, key_file: Path) -> None:
        from samovar.data.personal.key import load_or_make_key
        from samovar.data.personal.pseudonyms import Pseudonyms
        from samovar.data.personal.vault import Vault, map_of

        key = load_or_make_key(key_file)
        self._pseudonyms = Pseudonyms(key)
        self._vault = Vault(map_of(key_file), key)

    def judge(self, document: Document) -> Verdict:
        """The same text with masks and stand-ins, or why the document leaves."""
        findings = self._finder.find(document.text)
        in_meta = self._found_in_meta(document)
        if not findings and not in_meta:
            return None
        counts = Counter(finding.kind for found in (findings, *in_meta.values()) for finding in found)
        for kind in counts:
            if self._actions[kind] == "drop":
                return Dropped(f"holds {kind}", f"{counts[kind]} places")
        text = self._rewritten(document.text, findings)
        meta = {key: self._rewritten(document.meta[key], found) for key, found in in_meta.items()}
        if any(self._actions[kind] == "pseudonymise" for kind in counts):
            self._vault.keep(self._pseudonyms.pairs)
            self._pseudonyms.pairs.clear()
        if not findings:
            self.tally.edits.update(counts)
            return Marked(meta)
        return Edited(text, counts, meta)

    def _found_in_meta(self, document: Document) -> dict[str, list[Finding]]:
        """What stands in author, title and the like: a letter's sender is written there as well."""
        return {
            key: found
            for key, value in document.meta.items()
            if key not in _TIMES and ":" not in key and (found := self._finder.find(value))
        }

    def masked(self, text: str) -> str:
        """``text`` as a report may show it: with a mask in place of all that this step acts upon."""
        return self._rewritten(text, self._finder.find(text), only_masks=True)

    def _rewritten(self, text: str, findings: list[Finding], *, only_masks: bool = False) -> str:
        pieces, at = [], 0
        for finding in findings:
            has_stand_in = self._actions[finding.kind] == "pseudonymise" and not only_masks
            instead = self._pseudonyms.stand_in(text, finding) if has_stand_in else f"[{finding.kind}]"
            pieces += [text[at : finding.start], instead]
            at = finding.end
        return "".join(pieces) + text[at:]

    def _drop(self, document: Document, verdict: Dropped) -> None:
        super()._drop(replace(document, text=self.masked(document.text)), verdict)
