"""Who may see the dashboard: named tokens, and the people whom a proxy has signed in."""
