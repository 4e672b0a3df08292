"""One stage a file: what it needs, what it will cost, how it is made."""
