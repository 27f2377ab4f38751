"""Passes: each makes a program of a program. One a file; ``dilsctl.compile`` has their order."""
