"""The engine on a GPU: kernels between the matrix products, and captured steps."""
