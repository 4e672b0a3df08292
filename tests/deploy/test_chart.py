"""The Helm chart: what it says of the program is true, values mean something, helm makes of it what it should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any, get_args

import pytest
import yaml

import samovar
from samovar.serve.settings import LogKind
from tests.deploy.test_deploy import DEPLOY, NEEDED_S, check_command, manifests

CHART = DEPLOY / "helm"
TEMPLATES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((CHART / "templates").iterdir()))
needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="there is no helm here")


def values() -> dict[str, Any]:
    return yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))


def schema() -> dict[str, Any]:
    return json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


def helm(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["helm", *words], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def rendered(given: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What the chart makes of these values, by kind."""
    done = helm("template", "desk", str(CHART), "-f", "-", stdin=yaml.safe_dump(given))
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for manifest in yaml.safe_load_all(done.stdout):
        found.setdefault(manifest["kind"], []).append(manifest)
    return found


def test_it_is_of_this_program() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == samovar.__version__
    assert manifests()["Deployment"][0]["spec"]["template"]["spec"]["containers"][0]["image"].endswith(
        f":{samovar.__version__}"
    )


def test_the_schema_knows_every_value_and_no_other() -> None:
    import jsonschema

    own, described = values(), schema()
    jsonschema.Draft7Validator.check_schema(described)
    check = jsonschema.Draft7Validator(described)
    check.validate(own)
    assert set(own) == set(described["properties"]) - {"global"}
    for name, value in own.items():
        assert not check.is_valid({**own, name + "s": value})
        assert not check.is_valid({**own, name: 1.5}), name
    assert described["properties"]["log"]["enum"] == list(get_args(LogKind))
    assert described["properties"]["stopSeconds"]["minimum"] > 5 + NEEDED_S  # the pause before the stop, and the stop


def test_every_value_is_used_and_every_used_value_is_there() -> None:
    own = values()
    used = set(re.findall(r"\.Values\.(\w+)", TEMPLATES))
    used |= set(re.findall(r'"name" "(\w+)"', TEMPLATES))  # the volumes, by name
    assert used == set(own)
    for name in re.findall(r"\$?\.Values\.(\w+\.\w+)", TEMPLATES):
        one, other = name.split(".")
        assert other in own[one], name


@needs_helm
def test_helm_finds_no_fault() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_helm
def test_the_manifests_are_what_the_chart_makes() -> None:
    text = (DEPLOY / "kubernetes" / "samovar.yaml").read_text(encoding="utf-8")
    header, rest = text[: text.index("---\n")], text[text.index("---\n") :]
    assert rest == helm("template", "samovar", str(CHART)).stdout
    assert "helm template samovar deploy/helm" in header


@needs_helm
def test_values_say_where_and_how_it_runs() -> None:
    found = rendered(
        {
            "image": {"repository": "registry.example/samovar", "tag": "7"},
            "apiKey": {"secret": ""},
            "project": {"claim": "brewed"},
            "state": {"storageClass": "fast"},
            "args": ["--draft", "prompt"],
            "ingress": {"enabled": True, "className": "nginx", "host": "chat.example", "tlsSecret": "tls"},
            "networkPolicy": {"from": [{"podSelector": {"matchLabels": {"may": "ask"}}}]},
            "service": {"port": 8080},
            "nodeSelector": {"disk": "ssd"},
        }
    )
    pod = found["Deployment"][0]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "registry.example/samovar:7"
    assert "env" not in container
    assert check_command(container["args"])["draft"] == "prompt"
    assert pod["nodeSelector"] == {"disk": "ssd"}
    claims = [one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if "persistentVolumeClaim" in one]
    assert claims == ["brewed", "desk-state"]
    (claim,) = found["PersistentVolumeClaim"]
    assert (claim["metadata"]["name"], claim["spec"]["storageClassName"]) == ("desk-state", "fast")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    (way_in,) = found["Ingress"]
    backend = way_in["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    (service,) = found["Service"]
    assert backend == {"name": service["metadata"]["name"], "port": {"name": service["spec"]["ports"][0]["name"]}}
    assert way_in["spec"]["tls"] == [{"hosts": ["chat.example"], "secretName": "tls"}]
    (policy,) = found["NetworkPolicy"]
    assert policy["spec"]["ingress"][0]["from"] == [{"podSelector": {"matchLabels": {"may": "ask"}}}]
    assert "NetworkPolicy" not in rendered({"networkPolicy": {"enabled": False}})


@needs_helm
@pytest.mark.parametrize(
    ("wrong", "told"),
    [("image.tagg=1", "tagg"), ("ingress.enabled=true", "host"), ("log=all", "log"), ("stopSeconds=5", "stopSeconds")],
)
def test_wrong_values_are_refused_by_name(wrong: str, told: str) -> None:
    done = helm("template", "desk", str(CHART), "--set", wrong)
    assert done.returncode != 0
    assert told in done.stderr
