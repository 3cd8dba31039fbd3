"""`python -m tests.mutants`: see run.py."""

from tests.mutants.run import main

if __name__ == "__main__":
    raise SystemExit(main())
