"""`samovar ppo`: the stage by itself."""

from __future__ import annotations

from samovar.cli.reinforcement import command_of

EXAMPLE = "samovar ppo assistant --task arithmetic --out better"

run = command_of("ppo", "Teach the assistant by reward, with a value head that says what was to be expected.")
