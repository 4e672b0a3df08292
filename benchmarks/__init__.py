"""Speed and quality against named peers, one question a script."""
