"""The recipe: everything that determines an assistant, in one file that a person reads and changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator

from samovar.core.command_line import as_typed
from samovar.core.errors import ConfigError, MissingError, ResourceError
from samovar.core.price import parse_price
from samovar.core.settings import Settings, parse_settings
from samovar.data.settings import DataSettings
from samovar.engine.settings import QuantizeSettings
from samovar.evals.settings import EvalSettings
from samovar.model.settings import ModelSettings
from samovar.serve.settings import ServeSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.train.distill_settings import DistillSettings
from samovar.train.feedback.settings import RlaifSettings
from samovar.train.improve_settings import ImproveSettings
from samovar.train.preference_settings import DpoSettings, RewardSettings
from samovar.train.rl.settings import GrpoSettings, PpoSettings
from samovar.train.settings import PretrainSettings, SftSettings

_MAX_BYTES = 2**20


class Recipe(Settings):
    """A whole recipe; every key has a default, so that a file says only what it wants otherwise."""

    name: str = Field("Samovar", min_length=1, max_length=40)
    """The assistant's name, as it will give it itself."""
    languages: list[Literal["en", "ru"]] = Field(["en", "ru"], min_length=1)
    """Languages of the conversations that the assistant learns from."""
    base: str | None = Field(None, min_length=1)
    """A pretrained model to start from: a folder, relative to the project, or an id of Hugging Face (owner/name,
    owner/name@revision). Its tokenizer and shape stand in for those below, and the documents are read only where
    `pretrain` is given."""
    data: DataSettings = DataSettings()
    """Which documents, and how they are cleaned."""
    tokenizer: TokenizerSettings = TokenizerSettings()
    """How text is cut into tokens."""
    model: ModelSettings = ModelSettings()
    """The decoder's size and shape."""
    pretrain: PretrainSettings = PretrainSettings()
    """Training on the documents."""
    sft: SftSettings = SftSettings()
    """Training on conversations."""
    rlaif: RlaifSettings | None = None
    """Rows to learn from made by a constitution, and who judges by it; only where it is given."""
    reward: RewardSettings | None = None
    """Training a model that says how good an answer is; only where it is given."""
    dpo: DpoSettings | None = None
    """Training on preferences; only where it is given."""
    improve: ImproveSettings | None = None
    """Training on the right ones of its own answers; only where it is given."""
    grpo: GrpoSettings | None = None
    """Training by reward, answers to a question compared with each other; only where it is given."""
    ppo: PpoSettings | None = None
    """Training by reward with a value head; only where it is given."""
    distill: DistillSettings | None = None
    """Teaching a smaller assistant what this one expects; only where it is given."""
    quantize: QuantizeSettings = QuantizeSettings()
    """Making the model smaller."""
    eval: EvalSettings = EvalSettings()
    """Measuring it."""
    serve: ServeSettings = ServeSettings()
    """Answering: tools, limits, address."""
    power_watts: float | None = Field(None, ge=0)
    """Power the machine draws under load, in watts, in place of its counters or an estimate from its cores."""
    price: str | None = None
    """What the machine costs, for forecasts in money: as '2.50 USD/h' when rented, '0.30 EUR/kWh' for one's own."""

    @field_validator("price")
    @classmethod
    def _check_price(cls, text: str | None) -> str | None:
        if text is not None:
            parse_price(text)
        return text

    @property
    def is_pretrained_here(self) -> bool:
        """Whether the model reads the documents: one of one's own does, another's where the recipe says how."""
        return self.base is None or "pretrain" in self.model_fields_set


def load_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read the recipe at ``path``; ``changes`` are ``key.key=value`` and win over the file.

    Raises:
        MissingError: there is no such file.
        ConfigError: it is not YAML, or a key, a type or a range is wrong.
    """
    return parse_settings(Recipe, _changed(_read_yaml(path), changes), source=str(path))


def compose_recipe(path: Path | None, sections: Mapping[str, Mapping[str, Any]], changes: Sequence[str] = ()) -> Recipe:
    """The recipe at ``path`` (of nothing but defaults without one), with single keys of ``sections`` put over it.

    Raises:
        ConfigError: a key, a type or a range is wrong.
    """
    value = _read_yaml(path) if path is not None else {}
    for name, keys in sections.items():
        inner = value.setdefault(name, {})
        value[name] = {**(inner if isinstance(inner, dict) else {}), **keys}
    return parse_settings(Recipe, _changed(value, changes), source=str(path or "the settings"))


def _changed(value: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    for change in changes:
        keys, equals, text = change.partition("=")
        if not equals or not keys:
            raise ConfigError(f"'{change}' is not KEY=VALUE", hint="for example pretrain.tokens=1000000")
        group = value
        *parents, last = keys.split(".")
        for key in parents:
            inner = group.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"'{change}': '{key}' is not a group of settings", hint="`samovar config schema`")
            group = inner
        group[last] = _parse(text, source=f"the value of {keys}")
    return value


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path} is {path.stat().st_size} bytes: that is no recipe", hint="name a samovar.yaml")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingError(
            f"{path} does not exist", hint=f"make a project with `{as_typed('samovar', 'new', path.parent)}`"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: {error.reason}", hint="save it as UTF-8") from error
    except OSError as error:
        raise ResourceError(f"{path} cannot be read: {error.strerror}", hint="check who owns it") from error
    value = _parse(text, source=str(path))
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{path} is not a group of `key: value` lines", hint="start from `samovar new`'s recipe")
    return value


class _Loader(yaml.SafeLoader):
    """Plain YAML that refuses a key written twice, of which one would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(getattr(key_node, "value", key_node))
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _parse(text: str, *, source: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(
            f"{source}{where}: {error.problem or error.context}",
            hint="in YAML the indent makes the groups: two spaces a level, and a space after each colon",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: not YAML: {error}", hint="start from `samovar new`'s recipe") from error
