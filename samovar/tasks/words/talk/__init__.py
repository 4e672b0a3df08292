"""Small talk, by language and by what it is about: manners and moods, the assistant itself, the world, names."""
