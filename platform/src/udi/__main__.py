"""`python -m udi`: the command line."""

import sys

try:
    from udi.cli.main import main
except ModuleNotFoundError as missing:
    print(  # noqa: T201 - there is nothing else to say it with
        f"The Python module «{missing.name}» is missing: delete the folder .venv and run the same command again.",
        file=sys.stderr,
    )
    sys.exit(1)

if __name__ == "__main__":
    main()
