"""``python -m samovar`` is the command ``samovar``: torchrun starts modules."""

from samovar.cli.main import main

if __name__ == "__main__":
    main()
