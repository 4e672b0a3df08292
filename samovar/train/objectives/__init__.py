"""One objective a file: ``(model, batch) -> loss, metrics``; none knows the loop."""
