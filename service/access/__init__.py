"""Who may do what: keys of devices, tokens of people, sessions of browsers, and how often."""
