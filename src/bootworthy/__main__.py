"""``python -m bootworthy``: the command line, where the script is not on PATH."""

from bootworthy.cli.main import main

if __name__ == "__main__":
    main()
