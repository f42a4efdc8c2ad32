"""Statistics: distributions and models of groups; knows no metabolite, region or file.

``distributions`` and ``roots`` are the base. ``single_case`` compares one person with a reference distribution,
``measurement_error`` adjusts it to how well the value was measured, ``regression`` to covariates, ``pooling`` makes
one of several studies, ``shrinkage`` draws one mean towards another. ``multiplicity`` and ``multivariate`` treat
several values at once. ``within_person``, ``reliable_change``, ``trend`` and ``rank_correlation`` treat repeated
measurements of one person. ``least_squares``, ``effect_size``, ``random_effects_people``, ``censored``,
``correlation``, ``correlation_matrices``, ``mixed_anova``, ``fieller``, ``discriminant`` and ``study_power`` compare
groups of people.
"""
