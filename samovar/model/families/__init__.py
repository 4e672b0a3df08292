"""One model family a file: its names and settings, to and from Hugging Face."""
