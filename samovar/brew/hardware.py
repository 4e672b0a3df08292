"""Well-known accelerators by their published numbers, for plans of machines that one does not have.

Peak rates are dense bfloat16 with float32 accumulation, as the vendor's data sheet has them (sheets that print rates
with 2:4 sparsity: half of it). Power is the board's or the computer's maximum. Rental prices are of one provider, from
interruptible to on demand, in March 2026 (deploybase.ai/articles/runpod-gpu-pricing); others ask half or twice as much.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import NamedTuple

from samovar.core.errors import ConfigError

ASSUMED_MFU = 0.40
"""Share of the peak that training reaches. Published: 0.38 to 0.43 for Llama 3 405B (Grattafiori et al. 2024,
arXiv:2407.21783, table 4), 0.46 for PaLM (Chowdhery et al. 2022, arXiv:2204.02311, table 3). Models below some hundred
million parameters reach less."""
PRICES_OF = "March 2026"
MOST = 100_000


class Accelerator(NamedTuple):
    """One device."""

    name: str
    flops_per_second: float
    """Peak, bfloat16, dense."""
    memory_bytes: float
    watts: float
    rent: tuple[float, float] | None
    """USD an hour, from the cheapest to on demand; None: not rented, or no price known."""
    source: str
    """Of rate, memory and power."""


@dataclass(frozen=True, slots=True)
class Machines:
    """Some devices of one kind, among which a model is sharded."""

    count: int
    accelerator: Accelerator

    def __str__(self) -> str:
        return f"{self.count}x {self.accelerator.name}"


_SHEET = "NVIDIA data sheet"
_APPLE = "GPU cores x 128 lanes x 2 x clock; one of its memory sizes; power estimated from support.apple.com/102027"

ACCELERATORS = (
    Accelerator("A100", 312e12, 80e9, 400, (1.39, 2.45), f"{_SHEET}, A100 80GB SXM"),
    Accelerator("H100", 989.4e12, 80e9, 700, (2.69, 4.76), f"{_SHEET}, H100 SXM"),
    Accelerator("H100-PCIe", 756e12, 80e9, 350, (1.99, 3.51), f"{_SHEET}, H100 PCIe"),
    Accelerator("H200", 989.4e12, 141e9, 700, (3.59, 6.35), f"{_SHEET}, H200 SXM"),
    Accelerator("B200", 2250e12, 180e9, 1000, (5.98, 10.57), f"{_SHEET}, HGX B200"),
    Accelerator("MI300X", 1307.4e12, 192e9, 750, None, "AMD data sheet, Instinct MI300X"),
    Accelerator("L40S", 362e12, 48e9, 350, (0.79, 1.40), f"{_SHEET}, L40S"),
    Accelerator("RTX-4090", 165.2e12, 24e9, 450, (0.34, 0.60), "NVIDIA Ada GPU architecture, appendix A"),
    Accelerator("RTX-5090", 209.5e12, 32e9, 575, (0.69, 1.22), "NVIDIA RTX Blackwell GPU architecture, appendix A"),
    Accelerator("M4", 3.8e12, 16e9, 65, None, f"10 {_APPLE}"),
    Accelerator("M3-Max", 14.3e12, 64e9, 145, None, f"40 {_APPLE}"),
    Accelerator("M4-Max", 17.2e12, 64e9, 145, None, f"40 {_APPLE}"),
    Accelerator("M3-Ultra", 28.6e12, 96e9, 295, None, f"80 {_APPLE}"),
)


def parse_hardware(text: str) -> Machines:
    """``8xH100``, ``H100`` or ``2 x rtx 4090``.

    Raises:
        ConfigError: there is no such accelerator in the table, or their number is not between 1 and ``MOST``.
    """
    match = re.fullmatch(r"\s*(?:(\d+)\s*[x×*]\s*|(\d+)\s+)?(.*?)\s*", text, flags=re.IGNORECASE)
    count = int(match[1] or match[2] or 1) if match else 0
    name = match[3] if match else text
    by_name = {_plain(one.name): one for one in ACCELERATORS}
    accelerator = by_name.get(_plain(name)) or by_name.get(f"rtx{_plain(name)}")
    if accelerator is None:
        near = difflib.get_close_matches(_plain(name), by_name, n=1, cutoff=0.5)
        guess = f" (did you mean '{by_name[near[0]].name}'?)" if near else ""
        raise ConfigError(
            f"there is no '{name}' in the table of hardware{guess}",
            hint="`samovar plan --hardware list` shows it; several are written 8xH100",
        )
    if not 1 <= count <= MOST:
        raise ConfigError(f"'{text}' is {count} devices", hint=f"from 1 to {MOST:,}")
    return Machines(count, accelerator)


def find_accelerator(device: str) -> Accelerator | None:
    """The table's entry for a device as its driver names it ("NVIDIA H100 80GB HBM3"); None when there is none.

    The longest name counts: "NVIDIA H100 PCIe" is no "H100".
    """
    named = [one for one in ACCELERATORS if re.search(rf"\b{_words(one.name)}\b", device.lower())]
    return max(named, key=lambda one: len(one.name), default=None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _words(name: str) -> str:
    return r"\W.*?".join(map(re.escape, name.lower().split("-")))
