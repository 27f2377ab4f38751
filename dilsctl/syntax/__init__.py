"""What a document may hold: models of its keys, and the grammar of type texts."""
