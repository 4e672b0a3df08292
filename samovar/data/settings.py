"""What the data stage may be told. Imports nothing heavy: a recipe is read before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Field, model_validator

from samovar.core.settings import Settings
from samovar.data.steps import step_classes
from samovar.data.steps.step import StepSettings
from samovar.data.uri import is_uri, shown_uri

PYTHON_DOCS = "python-docs"
DEFAULT_STEPS = (
    *("repair", "normalise", "language", "repetition", "gopher_quality", "redact"),
    *("boilerplate", "exact_dedup", "near_dedup", "length"),
)
"""Local steps first, which then run with the reading of a file and not again while it is the same; redact among them,
so that nothing personal is kept between runs or compared; length at last, as steps before it cut texts down."""
_DEFAULT_CHANGES: dict[str, dict[str, Any]] = {
    # Rules for prose on the web would drop short letters and forms: by default they say what they would drop.
    "repetition": {"action": "mark"},
    "gopher_quality": {"action": "mark"},
}


class SourceSettings(Settings):
    """A place documents come from. A bare word in a recipe is a path, or ``python-docs``."""

    kind: Literal["files", "python-docs"] = "files"
    """files: a file, or all files below a folder; python-docs: the reference and docstrings of the running Python."""
    path: str | None = None
    """File or folder, relative to the project's folder, or a URI that fsspec opens: `s3://bucket/docs`; for files."""
    name: str | None = Field(None, min_length=1)
    """How reports and the ids of documents call it; by default by its path."""
    text_field: str | None = None
    """Name of the field (JSON Lines) or column (CSV) that holds the text, where it is not text, content or body."""
    ocr: str | None = None
    """Languages of scanned pages and pictures, to read them with tesseract: `rus+eng`; else they are left out."""
    separator: str | None = None
    """A line that parts the documents of a plain text file, such as `<|endoftext|>`; else a file is a document."""

    @model_validator(mode="before")
    @classmethod
    def _accept_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": PYTHON_DOCS} if value == PYTHON_DOCS else {"path": value}
        return value

    @model_validator(mode="after")
    def _check_path(self) -> SourceSettings:
        if self.kind == "files" and not self.path:
            raise ValueError("a source of files needs a path")
        if self.kind == PYTHON_DOCS and self.path is not None:
            raise ValueError("python-docs has no path: it reads the Python that runs Samovar")
        return self

    @property
    def label(self) -> str:
        """How reports and the ids of documents call it; without passwords."""
        path = self.path or self.kind
        return self.name or (shown_uri(path) if is_uri(path) else path)


if TYPE_CHECKING:
    AnyStepSettings = StepSettings
else:
    # One file a step is all that a new step needs: the union is made of the files that are there.
    AnyStepSettings = Annotated[
        Union[tuple(step.settings_class for step in step_classes().values())],  # noqa: UP007 - made when run
        Field(discriminator="step"),
    ]


def _accept_step_word(value: Any) -> Any:
    return {"step": value} if isinstance(value, str) else value


def _default_steps() -> list[AnyStepSettings]:
    return [step_classes()[name].settings_class(step=name, **_DEFAULT_CHANGES.get(name, {})) for name in DEFAULT_STEPS]


class DataSettings(Settings):
    """From sources to a clean corpus."""

    sources: list[SourceSettings] = Field([SourceSettings(path="documents")], min_length=1)
    """Where documents come from, in this order."""
    skip: list[str] = []
    """Patterns of files to leave out, as in a shell: `*.log`, `drafts/*`."""
    steps: list[Annotated[AnyStepSettings, BeforeValidator(_accept_step_word)]] = Field(default_factory=_default_steps)
    """Steps of cleaning in the order in which they run; a bare word is a step with its defaults."""
    max_document_characters: int = Field(4_000_000, ge=1_000)
    """Longer documents are split at a paragraph, line or word into parts of at most this many characters."""
    validation_share: float = Field(0.01, gt=0, le=0.5)
    """Share of the documents kept apart for validation, chosen by a hash of the id."""
    seed: int = 0
    """Chooses the validation documents and the samples of the report."""
    lang: Literal["en", "ru"] = "en"
    """Language of the report and of the datasheet."""
    workers: int | None = Field(None, ge=1, le=1024)
    """Processes that read and clean; by default one a core. The corpus does not depend on it."""
    engine: Literal["local", "ray"] = "local"
    """local: processes of this machine; ray: tasks of a cluster. The corpus does not depend on it."""

    @model_validator(mode="after")
    def _check_names(self) -> DataSettings:
        labels = [source.label for source in self.sources]
        for label in labels:
            if labels.count(label) > 1:
                raise ValueError(f"two sources are called {label}: their documents need different names, by `name:`")
        return self
