"""Tables of data: read, typed for the ports of a diagram, split into parts, standardised."""
