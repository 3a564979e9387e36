"""A pretended exchange on this machine, with a moving account and every error on request; real clients talk to it."""
