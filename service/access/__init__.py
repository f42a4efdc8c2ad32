"""Authentication, authorisation and rate limits: keys of devices, tokens of people, sessions of browsers."""
