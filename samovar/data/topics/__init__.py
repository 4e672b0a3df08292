"""What documents are about: groups of like words, and names for them."""
