"""A real exchange account as the source of the wall: read only, through ccxt, which nothing else imports."""
