"""The map is true: layers, sizes, what each page promises, and what `--help` may not import."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "samovar"
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LAYERS = [name.removeprefix("samovar.") for name in PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]]
MAX_LINES = 400


def python(*args):
    return subprocess.run([sys.executable, *args], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_every_folder_is_a_layer():
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(LAYERS)


def test_the_page_lists_the_layers_in_their_order():
    assert re.findall(r"^\| `(\w+)/` \|", ARCHITECTURE, re.MULTILINE) == LAYERS


def test_imports_keep_to_the_layers():
    pytest.importorskip("importlinter", reason="part of the extra 'check'")
    result = python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_path_that_the_page_names_exists():
    named = set(re.findall(rf"`((?:samovar/)?(?:{'|'.join(LAYERS)})/[\w./]*)`", ARCHITECTURE))
    assert len(named) > 25
    missing = [name for name in named if not (PACKAGE / name.removeprefix("samovar/")).exists()]
    assert missing == []


def test_every_dependency_has_its_reason():
    for requirement in PROJECT["project"]["dependencies"]:
        name = re.match(r"[\w-]+", requirement).group()
        assert re.search(rf"^\|[^|]*\b{name}\b[^|]*\|", ARCHITECTURE, re.MULTILINE), name


def test_every_requirement_is_pinned():
    """A fresh clone gets the versions that the tests ran with."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines if "==" in line}
    extras = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(one for extra in extras for one in extra)]:
        name = re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()
        assert name in pinned or name == PROJECT["project"]["name"]


def test_no_file_is_too_long():
    files = [path for folder in (PACKAGE, ROOT / "tests", ROOT / "benchmarks") for path in folder.rglob("*.py")]
    long = {str(path.relative_to(ROOT)): count for path in files if (count := _num_lines(path)) > MAX_LINES}
    # The program of an export of two files is one file by its nature; it has a limit of its own.
    assert long.keys() <= {"samovar/engine/export/run.py"}


def _num_lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    "code",
    [
        "from samovar.cli.main import make_app; make_app()",
        "from samovar.brew.stage import load_stages; load_stages()",
        "import samovar.brew.recipe, samovar.brew.graph",
    ],
)
def test_help_and_recipe_import_nothing_heavy(code):
    """Ids, `status` and `--help` are resolved before anything runs."""
    heavy = "torch", "pyarrow", "tokenizers", "transformers", "safetensors"
    result = python("-c", f"import sys\n{code}\nprint(*[name for name in {heavy} if name in sys.modules])")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []


@pytest.mark.skipif(not (ROOT / "README.ru.md").exists(), reason="the two pages are written together")
@pytest.mark.parametrize("page", ["README.md", "README.ru.md"])
def test_every_command_is_in_the_readme(page):
    from samovar.cli.main import COMMANDS

    text = (ROOT / page).read_text(encoding="utf-8")
    commands = [name for names in COMMANDS.values() for name in names]
    assert [name for name in commands if not re.search(rf"samovar {name}\b", text)] == []
