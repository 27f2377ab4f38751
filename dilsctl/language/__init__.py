"""What editors ask of a file: where a name is declared and read, what it is, what may stand at a place."""
