"""Control norms and where one value stands in them."""
