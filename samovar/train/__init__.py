"""The training loop, its optimizers, schedules and data; objectives."""
