"""One file a contestant: ``run(job)`` does the work in a process of its own and gives what it measured."""
