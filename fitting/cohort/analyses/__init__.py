"""The analyses of a cohort, one module for each; ``registry`` lists them."""
