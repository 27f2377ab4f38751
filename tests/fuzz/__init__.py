"""Files that nobody would write, given to every command that takes a file.

A command may refuse a file with words (exit code 1 or 2). It may never fail (exit code 3), show a traceback,
or run on. ``python -m tests.fuzz --help`` runs many cases; ``tests/test_fuzz.py`` a fixed number in CI.
"""
