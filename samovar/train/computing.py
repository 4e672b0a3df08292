"""How a model computes while it is trained, and whoever is compared with it meanwhile."""

from __future__ import annotations

from samovar.core.devices import training_dtype
from samovar.model.decoder import Decoder
from samovar.model.native import multiplies_natively
from samovar.model.products import use_products
from samovar.train.parallel.grid import ALONE, Grid


def compute_as_in_training(model: Decoder, grid: Grid = ALONE) -> None:
    """In bfloat16 where the device gains from it; by products in C++ where a processor does and the model is whole."""
    device = next(model.parameters()).device
    model.compute_dtype = training_dtype(device)
    if device.type == "cpu" and grid.has_whole_model and multiplies_natively():
        use_products(model)
