"""The pipeline on a cluster of Ray: what runs here, what runs on its machines, and what goes between them."""
