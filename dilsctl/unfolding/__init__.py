"""Unfolding: a feed-forward diagram of learned boxes becomes the interaction diagram, and is folded again."""
