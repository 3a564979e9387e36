"""Who may see the dashboard: users with passwords, tokens of walls and programs, and names that a proxy vouches for."""
