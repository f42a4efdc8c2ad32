"""The page of a study: quality, every spectrum, and the distributions of its values; no server, no plan."""
