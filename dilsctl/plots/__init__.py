"""Pictures of numbers as SVG: curves, phase portraits, fields over time, confusion of classes. Nothing is
needed for them but NumPy; PNG needs the optional extra ``picture``."""
