"""The command line. One file a command: it parses options, calls ``dilsctl.api`` and prints."""

from dilsctl.cli.group import main

__all__ = ["main"]
