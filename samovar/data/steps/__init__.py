"""One cleaning step a file: each keeps, edits or drops a document with a reason."""
