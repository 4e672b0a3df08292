"""The table of hardware: names as people and drivers write them."""

from __future__ import annotations

import pytest

from samovar.brew.hardware import ACCELERATORS, find_accelerator, parse_hardware
from samovar.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "count", "name"),
    [
        ("8xH100", 8, "H100"),
        ("h100", 1, "H100"),
        ("2 x RTX 4090", 2, "RTX-4090"),
        ("4090", 1, "RTX-4090"),
        ("64×b200", 64, "B200"),
        ("M3 Ultra", 1, "M3-Ultra"),
        ("m4-max", 1, "M4-Max"),
        ("4 L40S", 4, "L40S"),
    ],
)
def test_names_as_people_write_them(text: str, count: int, name: str) -> None:
    machines = parse_hardware(text)
    assert (machines.count, machines.accelerator.name) == (count, name)


@pytest.mark.parametrize(
    ("text", "said"), [("8xH1000", "H100"), ("0xH100", "0 devices"), ("", "there is no"), ("9999999xA100", "devices")]
)
def test_what_is_not_in_the_table_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_hardware(text)


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100-PCIe"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA GeForce RTX 4090", "RTX-4090"),
        ("NVIDIA L40S", "L40S"),
        ("AMD Instinct MI300X", "MI300X"),
        ("Tesla T4", None),
        ("Tesla M40", None),
        ("NVIDIA RTX A1000 Laptop GPU", None),
        ("cpu", None),
    ],
)
def test_names_as_drivers_write_them(device: str, name: str | None) -> None:
    found = find_accelerator(device)
    assert (found.name if found else None) == name


def test_every_entry_is_within_what_exists() -> None:
    for one in ACCELERATORS:
        assert 1e12 < one.flops_per_second < 5e15
        assert 1e10 < one.memory_bytes < 1e12
        assert one.rent is None or 0 < one.rent[0] < one.rent[1] < 20
        assert one.source
