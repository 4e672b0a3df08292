"""The folder of a project: where the recipe, the documents, the seeds and the artifacts are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from samovar.core.artifact import STATE
from samovar.core.command_line import as_typed
from samovar.core.errors import ConfigError, MissingError
from samovar.core.files import naming_os_errors, write_atomic

RECIPE_FILE = "samovar.yaml"
CONSTITUTION_FILE = "constitution.md"

DOCUMENTS_README = """\
Put your documents here: office files, PDF, mail, web pages, tables, archives, plain text; folders inside folders are
read too.
Each source is named in samovar.yaml under data.sources.
"""
SEEDS_README = """\
Put your own conversations here, one a line in *.jsonl, in the shape of the OpenAI API:
{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}
"""


@dataclass(frozen=True, slots=True)
class Project:
    """Paths of one project; nothing is read or made."""

    root: Path

    @property
    def recipe_file(self) -> Path:
        """The recipe."""
        return self.root / RECIPE_FILE

    @property
    def state(self) -> Path:
        """Everything that Samovar itself writes."""
        return self.root / STATE

    @property
    def artifacts(self) -> Path:
        """One folder an artifact, ``<stage>-<id>``."""
        return self.state / "artifacts"

    @property
    def forgotten_file(self) -> Path:
        """The rules that say which documents must not be in the corpus; beside the recipe, lest they be lost."""
        return self.root / "forgotten.jsonl"

    @property
    def units(self) -> Path:
        """What the data stage has read, kept for its next run."""
        return self.state / "cache" / "data"

    @property
    def lock_file(self) -> Path:
        """Held by the process that makes artifacts."""
        return self.state / "lock"

    @property
    def probe_file(self) -> Path:
        """Speeds measured on the machines that this project was planned on."""
        return self.state / "probe.json"

    @property
    def brew_file(self) -> Path:
        """The last brew: forecast and fact of each stage."""
        return self.state / "brew.json"

    def artifact(self, stage: str, identity: str) -> Path:
        """The folder of ``stage``'s artifact with this id."""
        return self.artifacts / f"{stage}-{identity}"


def open_project(root: Path) -> Project:
    """The project in ``root``.

    Raises:
        MissingError: ``root`` holds no recipe.
    """
    project = Project(root)
    if not project.recipe_file.is_file():
        if (root / "adapter_config.json").is_file():
            raise MissingError(
                f"{root} is an adapter alone, which answers on the model it was trained for",
                hint=f"`{as_typed('samovar', 'chat', 'BASE', '--adapter', root)}`, or merge the two: "
                f"`{as_typed('samovar', 'merge', 'BASE', root, '--out', 'DIR')}`",
            )
        what = f"{root} is not a project: it has no {RECIPE_FILE}" if root.exists() else f"{root} does not exist"
        raise MissingError(what, hint=f"make a project with `{as_typed('samovar', 'new', root)}`")
    return project


def new_project(root: Path, recipe: str = "quickstart") -> Project:
    """Make a project in ``root`` from the ready recipe of that name.

    Raises:
        ConfigError: there is no such recipe, or ``root`` holds a project or other files.
    """
    text = ready_recipe(recipe).read_text(encoding="utf-8")
    project = Project(root)
    if project.recipe_file.exists():
        raise ConfigError(
            f"{root} is a project already",
            hint=f"brew it with `{as_typed('samovar', 'brew', root)}`, or name another folder",
        )
    if root.exists() and not root.is_dir():
        raise ConfigError(f"{root} is a file", hint="name a folder")
    with naming_os_errors(root):
        for folder, readme in (("documents", DOCUMENTS_README), ("seeds", SEEDS_README)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            if not (root / folder / "README").exists():
                write_atomic(root / folder / "README", readme)
        if not (root / CONSTITUTION_FILE).exists():
            write_atomic(root / CONSTITUTION_FILE, (_recipes_folder() / CONSTITUTION_FILE).read_text(encoding="utf-8"))
        write_atomic(project.recipe_file, text)
    return project


def ready_recipe(name: str) -> Path:
    """The file of the ready recipe ``name``.

    Raises:
        ConfigError: there is no such recipe.
    """
    names = ready_recipe_names()
    if name not in names:
        raise ConfigError(f"there is no ready recipe '{name}'", hint=f"the ready recipes are: {', '.join(names)}")
    return _recipes_folder() / f"{name}.yaml"


def ready_recipe_names() -> list[str]:
    """Names of the recipes that come with Samovar."""
    return sorted(path.stem for path in _recipes_folder().glob("*.yaml"))


def _recipes_folder() -> Path:
    """In a wheel the recipes lie in the package; in a source tree, beside it."""
    inside = Path(__file__).parent / "recipes"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "recipes"
