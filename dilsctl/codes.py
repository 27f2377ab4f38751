"""The codes of findings, and what each means. They are stable: scripts may rely on them."""

OF_A_FILE: dict[str, str] = {
    # the text, the keys
    "alias-not-allowed": "a YAML anchor or alias",
    "bad-name": "a name that cannot stand where it does",
    "bad-value": "a value out of its bounds, or none of those that may stand here",
    "bad-version": "another version of the language than 1",
    "duplicate-key": "a key that stands twice in one mapping",
    "flow-split": "an expression that YAML's flow style takes apart",
    "key-not-text": "a key that is a number, a truth value or a collection",
    "missing-key": "a key that must be there",
    "not-text": "a file that is no text, or holds characters that text has not",
    "several-documents": "a second YAML document in a file",
    "tag-not-allowed": "a YAML tag",
    "unknown-key": "a key that the language has not",
    "wrong-type": "a value of another shape than the key holds",
    "yaml-syntax": "no YAML",
    # imports
    "import-cycle": "documents that import each other in a circle",
    "import-not-found": "an import that names no file",
    "import-outside": "an import that leads out of the folder tree",
    # types, expressions, wires
    "bad-expression": "no expression of the language",
    "bad-index": "an index or axis that is not there",
    "bad-operands": "an operation on values that it is not for",
    "bad-target": "what stands after a wire's arrow is no port",
    "bad-type": "no type",
    "bad-wire": "no wire",
    "number-too-long": "a whole number of too many digits",
    "too-deep": "something nested too deep",
    "too-large": "more elements, bytes or copies than there may be",
    "too-long": "an expression that is too long",
    # names
    "duplicate-name": "a name for two things",
    "unknown-box": "no box of this name",
    "unknown-function": "no function of this name",
    "unknown-name": "nothing of this name",
    "unknown-parameter": "no parameter of this name",
    "unknown-port": "no port of this name",
    # boxes and what fills them
    "bad-count": "a count, or a list beside it, that does not fit",
    "elements-differ": "elements of a box array with different interfaces",
    "hole-in-run": "a hole in a diagram that is to run",
    "hole-mismatch": "a box that does not fit the hole that it fills",
    "not-a-hole": "a box given for one that is no hole",
    "recursive-box": "a box inside itself",
    # wires between ports
    "algebraic-loop": "values that depend on themselves within one tick",
    "doubly-wired": "a target, or an element of one, with two wires",
    "unused-let": "a let that nothing reads (warning)",
    "unused-output": "an interior output that nothing reads (warning)",
    "unwired-input": "an interior input, or an element of one, without a wire",
    "unwired-output": "an own output, or an element of one, without a wire",
    "wrong-direction": "an input that is read, or an output that is driven",
    # kinds, dimensions, initial values
    "bad-dimension": "a dimension that is no whole number, or negative",
    "bad-initial": "an initial value that does not fit its state",
    "dimension-mismatch": "shapes that do not go together",
    "not-static": "a value that must be known beforehand and is not",
    "type-mismatch": "a value of one kind where another is asked",
    "unknown-dimension": "a dimension that nothing fixes",
    # training and checks
    "bad-check": "a check that names what is not there",
    "bad-loss": "a loss that is not one real number",
    "bad-metric": "a metric that is not one real number, or a watched one that is not there",
    "bad-override": "a value from outside (--set) that cannot be put in",
    "missing-input": "an input that the data says nothing about",
    "missing-loss": "a train block that says not what to make small",
    "unreached-state": "a learned state that the loss does not depend on",
}
"""What ``validate`` may find in a file and its imports."""

OF_A_RUN: dict[str, str] = {
    # files
    "bad-project": "a table [tool.dilsctl] in pyproject.toml that cannot be used",
    "file-not-found": "no file of this name",
    "not-a-file": "a folder or a device in place of a file",
    "not-readable": "a file that cannot be read",
    # data
    "bad-label": "a class label out of range",
    "bad-number": "no number where one must be",
    "bad-range": "a range of columns that goes backwards",
    "bad-scale": "a scale for what is no real number",
    "bad-simplex": "no probability vector where one must be",
    "bad-split": "a split that cannot be made",
    "column-count": "more or fewer columns than a port takes",
    "data-format": "a data file that is not of its format",
    "data-not-found": "no data file of this name",
    "data-outside": "a data file outside of the diagram's folder tree",
    "data-too-large": "a data file that is too large",
    "missing-value": "a missing value in a data file",
    "unknown-column": "no column of this name",
    # training
    "bad-option": "no option of this name",
    "bad-plan": "no such plan",
    "bad-rate": "no learning rate",
    "no-main": "a document without a main box",
    "no-part": "no such part of the data",
    "no-train": "a document without a train block",
    "not-finite": "a loss or a state that is infinite or no number",
    "nothing-learned": "a diagram without learned states",
    "unknown-optimiser": "no optimiser of this name",
    # run folders
    "bad-checkpoint": "a checkpoint that is damaged",
    "bad-run": "a run folder that is damaged",
    "diagram-changed": "a diagram that is not what it was when its run began",
    "no-checkpoint": "a run folder without a checkpoint",
    "not-a-run": "a folder that is no run folder",
    "run-busy": "a run that another process trains",
    "run-changed": "a run that cannot go on with other settings",
    "run-exists": "a run folder that is there already",
    "run-not-writable": "a run folder that cannot be written",
}
"""What may be found later, by a command that runs the diagram or reads its data."""

CODES: dict[str, str] = {**OF_A_FILE, **OF_A_RUN}
