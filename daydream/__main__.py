"""`python -m daydream` and the `daydream` program."""

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    from daydream.cli.main import main as start

    return start()


if __name__ == "__main__":
    # `python -m` puts the working folder first on the path. That folder is usually the repository to be
    # examined, whose modules must never be imported in place of the standard library's.
    if not sys.flags.safe_path:
        del sys.path[0]
    sys.exit(main())
