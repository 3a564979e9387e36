"""A simulated account: prices, orders and a book that balance to the cent. Nothing here reaches an exchange."""
