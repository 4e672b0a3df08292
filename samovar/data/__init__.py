"""Documents in, clean text out: readers, steps, corpus, shards."""
