"""What is said of several desks at once: how each is reached, a summary of it, and totals that stay true."""
