"""Tables of a cohort as texts: cells, people, measurements and spectra."""
