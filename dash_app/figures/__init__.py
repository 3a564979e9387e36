"""Figures as plain dicts: validated figure objects cost milliseconds per tick and add nothing here."""
