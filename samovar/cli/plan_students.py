"""`samovar plan --students`: how small the assistant could be made by distillation, and what each size takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.cli.terminal import print_json, print_table, say
from samovar.core.progress import short_bytes, short_duration, short_number

if TYPE_CHECKING:
    from samovar.brew.students import Student
    from samovar.model.settings import DecoderSettings

PROPOSED = "half"


def propose_students_for(folder: Path, *, as_json: bool) -> None:
    """Print the teacher and its students, and the recipe's lines for one of them."""
    from samovar.brew.forecast import Machine, Outlook
    from samovar.brew.graph import resolve
    from samovar.brew.project import open_project
    from samovar.brew.recipe import load_recipe
    from samovar.brew.recipe_edit import recipe_lines
    from samovar.brew.stage import load_stages
    from samovar.brew.students import decode_speed, propose_students
    from samovar.brew.training_forecast import decoder_settings

    project = open_project(folder)
    recipe = load_recipe(project.recipe_file)
    items = resolve(project, recipe, load_stages())
    made = {item.name: item.manifest for item in items if item.manifest is not None}
    outlook = Outlook(project.root, Machine(project.probe_file), made)
    say("measuring this machine with models of several sizes…")
    teacher = decoder_settings(recipe, outlook)
    speed, students = decode_speed(teacher, outlook), propose_students(recipe, outlook)
    if as_json:
        print_json({
            "project": str(folder),
            "teacher": {"parameters": teacher.num_parameters, "tokens_per_second": speed},
            "students": [_entry(one) for one in students],
        })  # fmt: skip
        return
    headings = ("what", "begin", "size", "parameters", "weights", "tokens/s", "distilling", "peak memory", "disk")
    print_table(headings, [_teacher_row(teacher, speed), *(_row(one) for one in students)])
    say("tokens/s: of one answer alone, as a random model of that shape decodes here in float32")
    chosen = next((one for one in students if one.name == PROPOSED), students[0] if students else None)
    if chosen is None:
        say("the assistant is as small as a model can be: there is no smaller one to teach")
        return
    say(f"into {project.recipe_file}, for the student that is called {chosen.name}:")
    print(recipe_lines({"distill.size": chosen.settings.size, "distill.begin": chosen.settings.begin}))


def _teacher_row(shape: DecoderSettings, speed: float | None) -> tuple[str, ...]:
    size, parameters = str(shape.num_layers), short_number(shape.num_parameters)
    return ("teacher", "", size, parameters, short_bytes(2 * shape.num_parameters), _speed(speed), "", "", "")


def _row(one: Student) -> tuple[str, ...]:
    forecast = one.forecast
    return (
        f"{one.name}{' (proposed)' if one.name == PROPOSED else ''}",
        one.settings.begin,
        str(one.settings.size),
        short_number(one.shape.num_parameters),
        short_bytes(one.weight_bytes),
        _speed(one.tokens_per_second),
        short_duration(forecast.seconds),
        short_bytes(forecast.memory_bytes),
        short_bytes(forecast.disk_bytes),
    )


def _speed(tokens_per_second: float | None) -> str:
    return "" if tokens_per_second is None else f"{tokens_per_second:.0f}"


def _entry(one: Student) -> dict[str, Any]:
    return {
        "name": one.name,
        "begin": one.settings.begin,
        "size": one.settings.size,
        "parameters": one.shape.num_parameters,
        "weight_bytes": one.weight_bytes,
        "tokens_per_second": None if one.tokens_per_second is None else round(one.tokens_per_second, 1),
        "seconds": round(one.forecast.seconds, 1),
        "memory_bytes": round(one.forecast.memory_bytes),
        "disk_bytes": round(one.forecast.disk_bytes),
    }
