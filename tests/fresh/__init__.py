"""What a stranger does: a new clone with an installation of its own, tutorials, README and the walk."""
