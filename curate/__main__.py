"""`python -m curate` is the command `curate`, for where the scripts of a virtualenv are not on the path."""

from curate.cli import main

if __name__ == "__main__":
    main()
