"""The recipe, the graph of stages, what they will cost and what they made."""
