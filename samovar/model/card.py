"""The model card: README.md in a model's folder, whose front matter says where a model is from and on what terms.

The terms are found in a model's own card, in the files of its licence and in the names of the models it comes from;
they go along with whatever is trained from it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from samovar.core.files import naming_os_errors, read_json, write_atomic
from samovar.model.licences import KINDS, KNOWN, Kind, Licence, licence_in_text, licence_named, licence_of_family

CARD_FILE = "README.md"
LICENCE_STEMS = ("license", "licence", "copying", *(NOTICE_STEMS := ("notice", "use_policy", "use-policy")))
"""How the names of files begin that belong to a licence; of the last, those that are no licence themselves."""
HUB_PAGES = "https://huggingface.co"
_LARGEST_TEXT = 2**20
_SAYS: Mapping[Kind, str] = {
    "free": "free for companies",
    "conditions": "with conditions that a company has to keep",
    "unknown": "find out what it asks before use",
    "non-commercial": "not for commercial use",
}
_LLAMA1 = Licence(
    "unknown",
    "No licence named, and the shape of LLaMA 1",
    "unknown",
    ("LLaMA 1's weights were given out for research only: if these come from them, commercial use is not allowed.",),
)


class Terms(NamedTuple):
    """On what terms a model may be used, and how that is known."""

    licences: tuple[Licence, ...]
    """All that apply, the strictest first; never empty."""
    found_in: tuple[str, ...]
    """Where each was found."""

    @property
    def kind(self) -> Kind:
        """Of the strictest."""
        return self.licences[0].kind

    @property
    def summary(self) -> str:
        """What it means for a company, in a few words."""
        return _SAYS[self.kind]

    @property
    def name(self) -> str:
        """The titles."""
        return ", ".join(licence.title for licence in self.licences)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Of all licences, each once."""
        return tuple(dict.fromkeys(line for licence in self.licences for line in licence.conditions))


class Card(NamedTuple):
    """What a model's folder says of where the model is from."""

    base_model: str | None
    """Name of the model that it is, or was trained from."""
    terms: Terms


def read_card(folder: Path) -> Card | None:
    """The card of the model in ``folder``; None where it has none, as a model of one's own."""
    if not (folder / CARD_FILE).is_file():
        return None
    names = _names(_front_matter(folder).get("base_model"))
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else None
    return Card(names[0] if names else None, find_terms(folder, config=config))


def card_facts(folder: Path) -> dict[str, Any]:
    """For the manifest of what is made from the model in ``folder``: its origin and terms; nothing without a card."""
    card = read_card(folder)
    if card is None:
        return {}
    return {"base_model": card.base_model, **terms_facts(card.terms)}


def terms_facts(terms: Terms) -> dict[str, Any]:
    """The terms as JSON-able values."""
    return {
        "licence": [licence.id for licence in terms.licences],
        "licence_title": terms.name,
        "licence_kind": terms.kind,
        "licence_summary": terms.summary,
        "licence_conditions": list(terms.conditions),
        "licence_found_in": list(terms.found_in),
    }


def find_terms(folder: Path, *, origin: str = "", config: Mapping[str, Any] | None = None) -> Terms:
    """The terms of the model in ``folder``.

    Args:
        folder: a Hugging Face folder.
        origin: the name that it is known by, as ``owner/name``.
        config: its config.json.
    """
    front = _front_matter(folder)
    found = [*_in_card(front), *_in_files(folder)]
    if any(licence.kind != "unknown" for licence, _ in found):
        # A card often says "other", and the licence's file says which.
        found = [(licence, where) for licence, where in found if licence.kind != "unknown"]
    config = config or {}
    names = [*_names(front.get("base_model")), origin, str(config.get("_name_or_path") or "")]
    for name in names:
        licence = licence_of_family(name)
        # Names of LLaMA's children are given to others too, as to a GPT-2 taught with Alpaca's lessons.
        if licence is not None and not (
            licence.id.startswith("llama") and config.get("model_type", "llama") != "llama"
        ):
            found.append((licence, f"the name {name}"))
    if not found:
        guess = _LLAMA1 if _is_shaped_like_llama1(config) else licence_named("")
        found = [(guess, "no card, no licence file")]
    return _terms(found)


def write_card(folder: Path, terms: Terms, *, name: str, base_model: str | None, revision: str | None = None) -> None:
    """Write README.md: a front matter as Hugging Face reads it, and the same in words.

    Args:
        folder: a model's folder.
        terms: on which it may be used.
        name: what the model is called.
        base_model: where it is from, as ``owner/name`` on Hugging Face.
        revision: commit of that repository.
    """
    strictest = terms.licences[0]
    is_standard = strictest.id in KNOWN and strictest.id not in ("llama1", "opt", "mrl", "mnpl", "baichuan2")
    front: dict[str, Any] = {"license": strictest.id if is_standard else "other"}
    if not is_standard:
        front["license_name"] = strictest.id
    if strictest.link:
        front["license_link"] = strictest.link
    if len(terms.licences) > 1:
        front["licences"] = [licence.id for licence in terms.licences]
    if base_model:
        front["base_model"] = base_model
    front |= {"library_name": "transformers", "pipeline_tag": "text-generation"}
    written = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    write_atomic(folder / CARD_FILE, f"---\n{written}---\n\n{_body(terms, name, base_model, revision)}")


def write_common_card(folders: Sequence[Path], out: Path, *, name: str) -> None:
    """Write the card of what is made of several models: the terms of all of them hold for it."""
    cards = [card for folder in folders if (card := read_card(folder)) is not None]
    if not cards:
        return
    found = [both for card in cards for both in zip(card.terms.licences, card.terms.found_in, strict=True)]
    write_card(out, _terms(found), name=name, base_model=cards[0].base_model)


def copy_card(source: Path, folder: Path) -> None:
    """Take the card and the licence's files of the model in ``source`` along to what was made from it."""
    if source.resolve() == folder.resolve() or not (source / CARD_FILE).is_file():
        return
    with naming_os_errors(folder):
        for path in (source / CARD_FILE, *licence_files(source)):
            shutil.copyfile(path, folder / path.name)


def add_licence_files(source: Path, folder: Path) -> None:
    """Take the licence's files of one more model along, numbered where others of the same names are there already."""
    with naming_os_errors(folder):
        for path in licence_files(source):
            names = chain([path.name], (f"{path.stem}.{number}{path.suffix}" for number in count(2)))
            target = next(there for name in names if _is_free(there := folder / name, path))
            shutil.copyfile(path, target)


def licence_files(folder: Path) -> list[Path]:
    """Files of the licence, its notices and the policies that belong to it."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return sorted(path for path in files if path.name.lower().startswith(LICENCE_STEMS))


def _terms(found: Iterable[tuple[Licence, str]]) -> Terms:
    """Of licences and where they were found: each once, the strictest first."""
    where: dict[Licence, str] = {}
    for licence, place in found:
        where.setdefault(licence, place)
    ordered = tuple(sorted(where, key=lambda licence: -KINDS.index(licence.kind)))
    return Terms(ordered, tuple(where[licence] for licence in ordered))


def _is_free(place: Path, source: Path) -> bool:
    """Whether nothing stands at ``place``, or the same."""
    return not place.exists() or place.read_bytes() == source.read_bytes()


def _body(terms: Terms, name: str, base_model: str | None, revision: str | None) -> str:
    origin = f"[{base_model}]({HUB_PAGES}/{base_model})" if base_model and "/" in base_model else base_model
    at = f", revision {revision}" if revision else ""
    lines = [f"# {name}", ""]
    lines += [f"From the weights of {origin}{at}.", ""] if origin else []
    lines += ["## Licence", "", f"{terms.name}: {terms.summary}.", ""]
    lines += [f"- {condition}" for condition in terms.conditions]
    lines += [""] if terms.conditions else []
    lines += [f"- {licence.title}: {licence.link}" for licence in terms.licences if licence.link]
    lines += [
        "",
        f"Found in: {', '.join(dict.fromkeys(terms.found_in))}. The same terms hold for whatever is trained from these "
        "weights. This is a summary by a program; the licence's own text counts.",
        "",
    ]
    return "\n".join(lines)


def _front_matter(folder: Path) -> dict[str, Any]:
    """The YAML on top of README.md; empty where there is none, or none that can be read."""
    text = _text(folder / CARD_FILE)
    if not text.startswith("---"):
        return {}
    try:
        value = yaml.safe_load(text[3:].partition("\n---")[0])
    except (yaml.YAMLError, ValueError, RecursionError):  # somebody else's file: it only says less then
        return {}
    return value if isinstance(value, dict) else {}


def _in_card(front: Mapping[str, Any]) -> Iterable[tuple[Licence, str]]:
    names = [*_names(front.get("licences")), *_names(front.get("license"))]
    if "other" in names and (given := _names(front.get("license_name"))):
        names = [name for name in names if name != "other"] + given
    return [(licence_named(name), CARD_FILE) for name in dict.fromkeys(names)]


def _in_files(folder: Path) -> Iterable[tuple[Licence, str]]:
    for path in licence_files(folder):
        licence = licence_in_text(_text(path))
        if licence is not None and not path.name.lower().startswith(NOTICE_STEMS):
            yield licence, path.name


def _is_shaped_like_llama1(config: Mapping[str, Any]) -> bool:
    return (
        config.get("model_type") == "llama"
        and config.get("vocab_size") in (32000, 32001)
        and config.get("max_position_embeddings") == 2048
    )


def _names(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [name for name in several if isinstance(name, str) and name.strip()]


def _text(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(_LARGEST_TEXT).decode("utf-8", "replace").replace("\r\n", "\n")
