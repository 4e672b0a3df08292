"""Small talk: a text file for each intent and language, and names that users tell."""
