"""A model fetched from Hugging Face, of which its user named the id: safetensors, settings, tokenizer, card.

Files that are whole are not fetched again, so that an interrupted download goes on with the file at which it stopped.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError
from samovar.core.files import naming_os_errors
from samovar.core.progress import Progress, short_bytes
from samovar.model.card import CARD_FILE, HUB_PAGES, LICENCE_STEMS
from samovar.model.checkpoint import CONFIG, GENERATION, TOKENIZER_FILES
from samovar.model.shards import INDEX, PICKLE_INDEX, PICKLES, WEIGHTS, check_no_pickles, indexed_names
from samovar.tokenizer.template import OTHERS_FOLDER

ID = re.compile(r"(?P<name>[\w][\w.-]*/[\w][\w.-]*)(@(?P<revision>[\w./-]+))?")
"""``owner/name``, and after an @ a branch, a tag or a commit."""

SETTINGS = (CONFIG, GENERATION, *TOKENIZER_FILES, "qwen.tiktoken", "chat_template.json", CARD_FILE)
"""All that is read beside the weights and the licence's files."""

_TIMEOUT_S = 20


class Snapshot(NamedTuple):
    """What a repository holds at one commit."""

    name: str
    commit: str
    sizes: dict[str, int]
    """Name of each file at its top, and of each further chat template -> bytes."""


def split_id(text: str) -> tuple[str, str | None]:
    """The name and the revision that an id says.

    Raises:
        ConfigError: it is no id.
    """
    found = ID.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"{text!r} is neither a folder nor an id of Hugging Face",
            hint="write a folder's path, or owner/name, or owner/name@revision",
        )
    return found["name"], found["revision"]


def look_up(text: str) -> Snapshot:
    """What the repository of this id holds.

    Raises:
        MissingError: there is no such model or revision.
        ConfigError: it is given only to those who accepted its terms.
        ResourceError: Hugging Face cannot be reached.
    """
    name, revision = split_id(text)
    with _naming_hub_errors(name, revision):
        info = _api().model_info(name, revision=revision, files_metadata=True, timeout=_TIMEOUT_S)
    files = {file.rfilename: file.size or 0 for file in info.siblings or []}
    read = {name: size for name, size in files.items() if "/" not in name or name.startswith(f"{OTHERS_FOLDER}/")}
    return Snapshot(name, info.sha or revision or "main", read)


def fetch_settings(snapshot: Snapshot, folder: Path) -> None:
    """Fetch everything but the weights into ``folder``."""
    for name in snapshot.sizes:
        if name in SETTINGS or name.lower().startswith(LICENCE_STEMS) or name.startswith(f"{OTHERS_FOLDER}/"):
            _fetch(snapshot, name, folder)


def fetch_weights(snapshot: Snapshot, folder: Path, *, allow_pickle: bool = False, is_quiet: bool = False) -> None:
    """Fetch the weights into ``folder``.

    Raises:
        ConfigError: they are there in pickles only, which were not allowed.
        MissingError: there are none.
        ResourceError: the disk has no room, or the connection broke.
    """
    names = _weight_files(snapshot, folder, allow_pickle=allow_pickle)
    left = [name for name in names if not (folder / name).is_file()]
    size = sum(snapshot.sizes.get(name, 0) for name in left)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ResourceError(
            f"the weights of {snapshot.name} take {short_bytes(size)}, and {short_bytes(free)} are free at {folder}",
            hint="free some space, or name a folder on another disk",
        )
    with Progress("fetch", sum(snapshot.sizes.get(name, 0) for name in names), "bytes", is_quiet=is_quiet) as progress:
        progress.start_at(sum(snapshot.sizes.get(name, 0) for name in names if name not in left))
        for name in names:
            _fetch(snapshot, name, folder)
            if name in left:
                progress.advance(snapshot.sizes.get(name, 0), note=name)


def size_of_weights(snapshot: Snapshot) -> int:
    """Bytes of all weights in safetensors at the top of the repository, in pickles where there are none."""
    for suffix in (".safetensors", ".bin"):
        if size := sum(size for name, size in snapshot.sizes.items() if name.endswith(suffix)):
            return size
    return 0


def _weight_files(snapshot: Snapshot, folder: Path, *, allow_pickle: bool) -> list[str]:
    """Names of the files to fetch; an index is fetched on the way."""
    there = snapshot.sizes
    if WEIGHTS in there:
        return [WEIGHTS]
    if INDEX in there:
        names = _indexed(snapshot, INDEX, folder)
        check_no_pickles(folder / INDEX)
        return names
    if PICKLES not in there and PICKLE_INDEX not in there:
        raise MissingError(
            f"{snapshot.name} holds no weights that can be opened: neither {WEIGHTS} nor {INDEX} is there",
            hint=f"it has: {', '.join(sorted(there)[:8]) or 'nothing'}; name the repository of the model itself",
        )
    if not allow_pickle:
        raise ConfigError(
            f"{snapshot.name} has its weights as pickles only, which can run any code on whoever opens them",
            hint=f"name a revision in safetensors, which many have: {snapshot.name}@refs/pr/1, or see its pull "
            "requests; or give --allow-pickle if you trust who made them: they are converted then",
        )
    return [PICKLES] if PICKLES in there else _indexed(snapshot, PICKLE_INDEX, folder)


def _indexed(snapshot: Snapshot, index: str, folder: Path) -> list[str]:
    _fetch(snapshot, index, folder)
    names = indexed_names(folder / index)
    missing = [name for name in names if name not in snapshot.sizes]
    if missing:
        raise CorruptError(
            f"{index} of {snapshot.name} names {missing[0]}, which is not there",
            hint="the repository is not whole: name another revision",
        )
    return names


def _fetch(snapshot: Snapshot, name: str, folder: Path) -> None:
    import huggingface_hub as hub

    hub.utils.disable_progress_bars()
    with naming_os_errors(folder), _naming_hub_errors(snapshot.name, snapshot.commit):
        hub.hf_hub_download(
            snapshot.name,
            name,
            revision=snapshot.commit,
            local_dir=folder,
            endpoint=os.environ.get("HF_ENDPOINT"),
        )


def _api() -> Any:
    import huggingface_hub as hub

    return hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


@contextmanager
def _naming_hub_errors(name: str, revision: str | None) -> Iterator[None]:
    """Turn what the hub's client raises into words."""
    from huggingface_hub import errors

    page = f"{HUB_PAGES}/{name}"
    try:
        yield
    except errors.GatedRepoError as error:
        raise ConfigError(
            f"{name} is given only to those who accepted its terms, and you are not known to be one",
            hint=f"accept them at {page}, then log in with `hf auth login`, or set HF_TOKEN to a token of yours",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise MissingError(
            f"{name} has no revision {revision!r}", hint=f"see its branches and commits at {page}/commits/main"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise MissingError(
            f"there is no model {name} on Hugging Face, or it is private",
            hint="check the id; for a private one, log in with `hf auth login`",
        ) from error
    except errors.HFValidationError as error:
        raise ConfigError(f"{name!r} is no id of Hugging Face: {error}", hint="write it as owner/name") from error
    except errors.HfHubHTTPError as error:
        raise _refused(name, error) from error
    except Exception as error:
        if not _is_of_network(error, errors):
            raise
        raise ResourceError(
            f"Hugging Face cannot be reached to fetch {name}: {_first_line(error)}",
            hint="check the network, or HF_ENDPOINT and HF_HUB_OFFLINE; what is fetched already is kept. "
            "Or copy the model's folder here by other means and name that",
        ) from error


def _refused(name: str, error: Any) -> Exception:
    status = getattr(error.response, "status_code", None)
    if status in (401, 403):
        return ConfigError(
            f"Hugging Face refuses {name} ({status}): it is private, or wants its terms accepted",
            hint=f"see {HUB_PAGES}/{name}, and log in with `hf auth login`",
        )
    return ResourceError(
        f"Hugging Face did not give {name}: {_first_line(error)}", hint="try again in a while; what is fetched is kept"
    )


def _is_of_network(error: Exception, errors: Any) -> bool:
    """Whether it is the client's own error, or one of the HTTP library under it."""
    return isinstance(error, (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, errors.HTTPError))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
