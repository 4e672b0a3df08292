"""Documents in, clean text out: sources, readers, steps, corpus, shards."""
