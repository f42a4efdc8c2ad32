"""From amplitudes to ratios and water-scaled concentrations."""
