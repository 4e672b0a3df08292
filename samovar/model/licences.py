"""Licences of models, and what of them a company has to know before it uses one.

A summary for orientation: the licence's own text counts.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["free", "conditions", "unknown", "non-commercial"]
KINDS: tuple[Kind, ...] = ("free", "conditions", "unknown", "non-commercial")
"""From the one that asks least to the one that asks most."""

_PASS_ON = "The licence and its notices must be passed on with the model and what is trained from it."
_ATTRIBUTION = "The makers must be named wherever the model or what is trained from it is passed on."
_NO_COMPANY = "Commercial use is not allowed."
_SHARE_ALIKE = "What is trained from it must be passed on under the same licence."
_NO_CHANGES = "A changed model, as any that is trained from it, must not be passed on."
_USERS = "A company with more than {} needs a licence of its own from {}."
_META_USERS = _USERS.format("700 million monthly users", "Meta")
_META_POLICY = "Meta's acceptable use policy binds everybody who uses it."
_META_OUTPUT = "What it writes must not be used to improve large language models other than Llama's own kind."
_BUILT_WITH = 'Products must show "Built with {}", and the name of a model trained from it must begin with "{}".'
_RAIL = "A list of forbidden uses is part of the licence and must bind everybody that the model is passed on to."
_NO_RIVAL = "Google may forbid uses that break its prohibited use policy, which must be passed on as binding."


class Licence(NamedTuple):
    """One licence."""

    id: str
    """As Hugging Face's model cards write it in ``license``, or in ``license_name`` of others."""
    title: str
    kind: Kind
    conditions: tuple[str, ...] = ()
    """One sentence each."""
    link: str = ""


def _creative_commons(parts: str, version: str) -> Licence:
    conditions = [_ATTRIBUTION]
    conditions += [_NO_COMPANY] if "nc" in parts else []
    conditions += [_SHARE_ALIKE] if "sa" in parts else []
    conditions += [_NO_CHANGES] if "nd" in parts else []
    return Licence(
        f"cc-{parts}-{version}",
        f"Creative Commons {parts.upper()} {version}",
        "non-commercial" if "nc" in parts else "conditions",
        tuple(conditions),
        f"https://creativecommons.org/licenses/{parts}/{version}/",
    )


_FREE = [
    Licence("apache-2.0", "Apache License 2.0", "free", (_PASS_ON,), "https://www.apache.org/licenses/LICENSE-2.0"),
    Licence("mit", "MIT License", "free", (_PASS_ON,), "https://opensource.org/license/mit"),
    Licence("bsd-2-clause", "BSD License, two clauses", "free", (_PASS_ON,)),
    Licence("bsd-3-clause", "BSD License, three clauses", "free", (_PASS_ON,)),
    Licence("cc0-1.0", "Creative Commons Zero 1.0", "free"),
    Licence("unlicense", "The Unlicense", "free"),
]
_CREATIVE_COMMONS = [
    _creative_commons(parts, version)
    for parts in ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
    for version in ("2.0", "3.0", "4.0")
]
_COPYLEFT = [
    Licence(name, f"GNU {title}", "conditions", (_SHARE_ALIKE, _PASS_ON))
    for name, title in (
        ("gpl-2.0", "General Public License 2"),
        ("gpl-3.0", "General Public License 3"),
        ("lgpl-3.0", "Lesser General Public License 3"),
        ("agpl-3.0", "Affero General Public License 3"),
    )
]
_LLAMA = [
    Licence(
        "llama1",
        "LLaMA 1's research licence",
        "non-commercial",
        (_NO_COMPANY, "The weights were given to researchers alone and must not be passed on."),
    ),
    Licence(
        "llama2",
        "Llama 2 Community License",
        "conditions",
        (_META_USERS, _META_OUTPUT, _META_POLICY, _PASS_ON),
        "https://ai.meta.com/llama/license/",
    ),
    Licence(
        "llama3",
        "Meta Llama 3 Community License",
        "conditions",
        (_META_USERS, _BUILT_WITH.format("Meta Llama 3", "Llama 3"), _META_OUTPUT, _META_POLICY, _PASS_ON),
        "https://www.llama.com/llama3/license/",
    ),
    *(
        Licence(
            f"llama{version}",
            f"Llama {version} Community License",
            "conditions",
            (_META_USERS, _BUILT_WITH.format("Llama", "Llama"), _META_POLICY, _PASS_ON),
            f"https://www.llama.com/llama{version.replace('.', '_')}/license/",
        )
        for version in ("3.1", "3.2", "3.3", "4")
    ),
]
_OTHERS = [
    Licence("gemma", "Gemma Terms of Use", "conditions", (_NO_RIVAL, _PASS_ON), "https://ai.google.dev/gemma/terms"),
    *(
        Licence(name, title, "conditions", (_RAIL, _PASS_ON))
        for name, title in (
            ("openrail", "OpenRAIL"),
            ("openrail++", "OpenRAIL++"),
            ("creativeml-openrail-m", "CreativeML OpenRAIL-M"),
            ("bigscience-openrail-m", "BigScience OpenRAIL-M"),
            ("bigscience-bloom-rail-1.0", "BigScience BLOOM RAIL 1.0"),
            ("bigcode-openrail-m", "BigCode OpenRAIL-M"),
            ("deepseek", "DeepSeek License"),
        )
    ),
    Licence(
        "tongyi-qianwen",
        "Tongyi Qianwen License",
        "conditions",
        (_USERS.format("100 million monthly users", "Alibaba Cloud"), _PASS_ON),
    ),
    Licence("qwen-research", "Qwen Research License", "non-commercial", (_NO_COMPANY, _PASS_ON)),
    Licence("mrl", "Mistral AI Research License", "non-commercial", (_NO_COMPANY, _PASS_ON)),
    Licence("mnpl", "Mistral AI Non-Production License", "non-commercial", (_NO_COMPANY, _PASS_ON)),
    Licence(
        "baichuan2",
        "Baichuan 2 Community License",
        "conditions",
        ("Commercial use needs Baichuan's consent, which companies with a million daily users do not get.", _PASS_ON),
    ),
    Licence("opt", "OPT License", "non-commercial", (_NO_COMPANY, _PASS_ON)),
]

KNOWN: dict[str, Licence] = {
    licence.id: licence for licence in (*_FREE, *_CREATIVE_COMMONS, *_COPYLEFT, *_LLAMA, *_OTHERS)
}
"""Licence by its id."""

_ALIASES = {
    "apache": "apache-2.0",
    "cc": "cc-by-4.0",
    "cc-by": "cc-by-4.0",
    "cc-by-nc": "cc-by-nc-4.0",
    "cc-by-sa": "cc-by-sa-4.0",
    "gpl": "gpl-3.0",
    "bsd": "bsd-3-clause",
    "qwen": "tongyi-qianwen",
    "tongyi-qianwen-research": "qwen-research",
    "tongyi-qianwen-license-agreement": "tongyi-qianwen",
    "qwen-research-license": "qwen-research",
    "mistral-ai-research-licence": "mrl",
    "llama-2": "llama2",
    "bloom-rail": "bigscience-bloom-rail-1.0",
    "deepseek-license": "deepseek",
    "gemma-terms-of-use": "gemma",
}

_IN_TEXTS: tuple[tuple[str, str], ...] = (
    (r"llama 2 community licen", "llama2"),
    (r"meta llama 3 community licen", "llama3"),
    (r"llama 3\.1 community licen", "llama3.1"),
    (r"llama 3\.2 community licen", "llama3.2"),
    (r"llama 3\.3 community licen", "llama3.3"),
    (r"llama 4 community licen", "llama4"),
    (r"gemma terms of use", "gemma"),
    (r"qwen research licen", "qwen-research"),
    (r"tongyi qianwen research licen", "qwen-research"),
    (r"(tongyi qianwen|qwen) licen[cs]e agreement", "tongyi-qianwen"),
    (r"mistral ai research licen", "mrl"),
    (r"mistral ai non-production licen", "mnpl"),
    (r"baichuan.{0,20} community licen|community license for baichuan", "baichuan2"),
    (r"opt-175b licen|\bopt license", "opt"),
    (r"bloom-?rail|bigscience rail|bigscience bloom rail", "bigscience-bloom-rail-1.0"),
    (r"openrail|responsible ai licen", "openrail"),
    (r"attribution-noncommercial-sharealike 4\.0", "cc-by-nc-sa-4.0"),
    (r"attribution-noncommercial-noderiv\w+ 4\.0", "cc-by-nc-nd-4.0"),
    (r"attribution-noncommercial 4\.0", "cc-by-nc-4.0"),
    (r"attribution-sharealike 4\.0", "cc-by-sa-4.0"),
    (r"attribution 4\.0 international", "cc-by-4.0"),
    (r"gnu affero general public license", "agpl-3.0"),
    (r"gnu lesser general public license", "lgpl-3.0"),
    (r"gnu general public license", "gpl-3.0"),
    (r"apache license,? version 2\.0|apache license version 2\.0", "apache-2.0"),
    (r"permission is hereby granted, free of charge, to any person obtaining a copy", "mit"),
    (r"redistributions? in binary form must reproduce", "bsd-3-clause"),
)
"""Words at the beginning of a licence's text -> its id; the first that is found counts."""

_OF_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"llama-?2|vicuna-\d+b-v1\.5", "llama2"),
    (r"llama-?3\.1", "llama3.1"),
    (r"llama-?3\.2", "llama3.2"),
    (r"llama-?3\.3", "llama3.3"),
    (r"llama-?3(?![.\d]|b\b)", "llama3"),
    (r"llama-?4", "llama4"),
    (r"(^|/)(llama(-hf)?-?(1-?)?(7|13|30|33|65)b|llama-?1(?!\d))|alpaca|guanaco|koala|vicuna", "llama1"),
    (r"(^|/|-)(code|shield|recurrent|pali)?gemma(?!-?[4-9](?![\db]))", "gemma"),
    (r"(^|/)opt-(iml-)?(max-)?\d", "opt"),
    (r"(^|/)bloomz?($|-)", "bigscience-bloom-rail-1.0"),
    (r"(^|/)galactica-", "cc-by-nc-4.0"),
    (r"(^|/)qwen-(1_8b|7b|14b|72b)|qwen2(\.5)?-72b", "tongyi-qianwen"),
    (r"qwen2\.5-3b", "qwen-research"),
    (r"baichuan", "baichuan2"),
)
"""Names of models whose terms go with them, whatever a card further down says; the first that fits counts."""


def licence_named(name: str) -> Licence:
    """The licence that a model card calls ``name``; unknown ones are of the kind ``unknown`` under that name."""
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    plain = _ALIASES.get(plain, plain)
    if plain in KNOWN:
        return KNOWN[plain]
    if plain in ("", "other", "unknown"):
        return Licence("unknown", "No licence named", "unknown")
    return Licence(plain, f"'{name.strip()}', which is not known here", "unknown")


def licence_in_text(text: str) -> Licence | None:
    """The licence whose text this is; None when it is not known."""
    plain = re.sub(r"[\s#*]+", " ", text[:6000].lower())
    for pattern, name in _IN_TEXTS:
        if re.search(pattern, plain):
            return KNOWN[name]
    return None


def licence_of_family(name: str) -> Licence | None:
    """The terms that go with a model of this name; None when none are known to."""
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    for pattern, licence in _OF_FAMILIES:
        if re.search(pattern, plain):
            return KNOWN[licence]
    return None
