"""Plans: what is asked of a cohort, read strictly, before the answer."""
