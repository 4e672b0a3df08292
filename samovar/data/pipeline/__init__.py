"""From sources to the stream of documents: files read and cleaned in worker processes, kept between runs, in order."""
