"""The command ``samovar``, also as ``python -m samovar``: torchrun starts modules."""

import sys


def main() -> None:
    """Run the command line. Ctrl-C while it is still loading ends it as quietly as later on."""
    try:
        from samovar.cli.main import main as run

        run()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
