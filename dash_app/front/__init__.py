"""What stands before Dash's callback endpoint: it refuses what no page sends, and makes the same answer once."""
