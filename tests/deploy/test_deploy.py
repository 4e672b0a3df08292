"""The files of deploy/ parse, and what they name is there: commands, flags, variables, ports, paths, times."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from pathlib import Path
from typing import Any

import typer.main
import yaml

from samovar.cli.main import make_app
from samovar.serve.lifetime import CUT_S
from samovar.serve.settings import ServeSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PORT = ServeSettings().port
NEEDED_S = ServeSettings().drain_s + CUT_S
"""What stopping takes at most."""


def serve_options() -> dict[str, Any]:
    command = typer.main.get_command(make_app()).commands["serve"]  # type: ignore[attr-defined]
    return {flag: parameter for parameter in command.params for flag in parameter.opts}


def check_command(words: list[str]) -> dict[str, str]:
    """The flags of a `samovar serve` and their values, which its own parser takes."""
    assert words[0] == "serve"
    command = typer.main.get_command(make_app()).commands["serve"]  # type: ignore[attr-defined]
    parsed = command.make_context("serve", words[1:]).params
    ServeSettings(host=parsed["host"], port=parsed["port"], log=parsed["log"])
    return parsed


def service() -> configparser.ConfigParser:
    class Unit(configparser.ConfigParser):
        optionxform = staticmethod(str)  # type: ignore[assignment]

    unit = Unit(strict=False, interpolation=None)
    unit.read_string((DEPLOY / "samovar.service").read_text(encoding="utf-8"))
    return unit


def instructions() -> list[tuple[str, str]]:
    """Of the Containerfile: the word and the rest."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]  # type: ignore[misc]


def manifests() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            found.setdefault(manifest["kind"], []).append(manifest)
    return found


def seconds(text: str) -> int:
    return int(re.fullmatch(r"(\d+)s?", str(text))[1])  # type: ignore[index]


def test_the_unit_starts_the_real_command_and_waits_for_its_end() -> None:
    run = service()["Service"]
    program, *words = shlex.split(run["ExecStart"])
    assert program.endswith("/bin/samovar")
    given = check_command(words)
    assert (given["host"], given["port"]) == ("127.0.0.1", PORT)
    assert seconds(run["TimeoutStopSec"]) > NEEDED_S
    assert str(given["folder"]).startswith(f"/var/lib/{run['StateDirectory']}/")


def test_the_unit_may_do_little() -> None:
    run = service()["Service"]
    for key in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectKernelModules", "RestrictSUIDSGID"):
        assert run[key] == "yes", key
    assert (run["ProtectSystem"], run["CapabilityBoundingSet"]) == ("strict", "")
    assert "MemoryDenyWriteExecute" not in run


def test_the_image_is_made_of_what_is_here() -> None:
    copied = [word for kind, rest in instructions() if kind == "COPY" for word in rest.split()[:-1]]
    assert "samovar" in copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    extras = re.search(r'"\.\[([\w,]+)\]"', (DEPLOY / "Containerfile").read_text())
    assert extras is not None
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [name for name in extras[1].split(",") if not re.search(rf"^{name} = \[", project, re.MULTILINE)] == []


def test_the_image_serves_as_nobody_in_particular() -> None:
    told = dict(instructions())
    assert json.loads(told["ENTRYPOINT"]) == ["samovar"]
    given = check_command(json.loads(told["CMD"]))
    assert given["port"] == int(told["EXPOSE"]) == PORT
    assert told["USER"] == "10001"
    volumes = json.loads(told["VOLUME"])
    assert [str(given[file].parent) for file in ("keys_file", "chats_file")] == volumes * 2
    assert f"http://127.0.0.1:{PORT}/ready" in told["HEALTHCHECK"]


def test_compose_names_what_the_image_has() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    one = composed["services"]["samovar"]
    build = one["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == (DEPLOY / "Containerfile").resolve()
    assert one["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert set(one["environment"]) == {serve_options()["--api-key"].envvar}
    named = {volume.split(":")[0] for volume in one["volumes"] if not volume.startswith("$")}
    assert named == set(composed["volumes"])
    assert seconds(one["stop_grace_period"]) > NEEDED_S
    assert f":{PORT}/ready" in " ".join(one["healthcheck"]["test"])


def test_kubernetes_probes_and_starts_what_there_is() -> None:
    found = manifests()
    (deployment,), (entry,) = found["Deployment"], found["Service"]
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    given = check_command(container["args"])
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": given["port"]} == {"http": PORT}
    assert entry["spec"]["ports"][0]["targetPort"] in ports
    assert entry["spec"]["selector"] == pod["metadata"]["labels"] == deployment["spec"]["selector"]["matchLabels"]
    assert {one["name"] for one in container["env"]} == {serve_options()["--api-key"].envvar}
    for probe, path in (("startupProbe", "/ready"), ("readinessProbe", "/ready"), ("livenessProbe", "/health")):
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["spec"]["terminationGracePeriodSeconds"] > pause + NEEDED_S
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["spec"]["volumes"]}
    assert mounts["project"] == str(given["folder"])
    for file in (given["keys_file"], given["chats_file"]):  # the project is only read
        assert str(file).startswith(mounts["state"] + "/")
    claims = {claim["metadata"]["name"] for claim in found["PersistentVolumeClaim"]}
    volumes = [one["persistentVolumeClaim"] for one in pod["spec"]["volumes"] if "persistentVolumeClaim" in one]
    assert {one["claimName"] for one in volumes} == claims
    (policy,) = found["NetworkPolicy"]
    assert policy["spec"]["ingress"][0]["ports"][0]["port"] == PORT


def test_the_pod_that_is_filled_fills_what_is_served() -> None:
    pod = yaml.safe_load((DEPLOY / "fill.yaml").read_text(encoding="utf-8"))["spec"]
    (deployment,) = manifests()["Deployment"]
    served = deployment["spec"]["template"]["spec"]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] in {
        volume["persistentVolumeClaim"]["claimName"] for volume in served["volumes"] if volume["name"] == "project"
    }
    assert pod["containers"][0]["image"] == served["containers"][0]["image"]
    assert pod["securityContext"] == served["securityContext"]  # who serves may read what was copied
