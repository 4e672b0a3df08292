"""Load upon a server that speaks OpenAI's API, and what it measures."""
