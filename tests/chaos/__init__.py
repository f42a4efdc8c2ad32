"""A bounded storm: many clients while the service is killed, its workers are killed and its disk fills."""
