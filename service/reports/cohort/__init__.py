"""Reports of a cohort's answer: text, one row for each statement."""
