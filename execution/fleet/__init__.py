"""How the raw surfaces of a desk reach the walls of other hosts, by way of Redis; nothing else imports redis."""
