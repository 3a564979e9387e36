"""What each state file holds, and the schema it is checked against."""
