"""`samovar grpo`: the stage by itself."""

from __future__ import annotations

from samovar.cli.reinforcement import command_of

EXAMPLE = "samovar grpo assistant --task arithmetic --out better"

run = command_of("grpo", "Teach the assistant by reward, its answers to a question compared with each other.")
