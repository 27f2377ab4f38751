"""The engine: NumPy kernels, binding, and the loop that runs a program."""
