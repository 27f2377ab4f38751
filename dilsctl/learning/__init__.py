"""How learned state moves: optimisers as equations, and rates that change with time."""
