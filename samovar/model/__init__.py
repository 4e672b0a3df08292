"""The decoder, its configuration, its checkpoints, quantized linears."""
