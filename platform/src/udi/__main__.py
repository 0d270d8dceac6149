"""`python -m udi`: the command line."""

from udi.cli.main import main

if __name__ == "__main__":
    main()
