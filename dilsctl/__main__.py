"""``python -m dilsctl``: the same as the ``dilsctl`` command."""

from dilsctl.cli import main

if __name__ == "__main__":
    main(prog_name="dilsctl")
