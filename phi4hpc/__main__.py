"""`python -m phi4hpc` is the command `phi4hpc`."""

from phi4hpc.cli import main

if __name__ == '__main__':
    main()
