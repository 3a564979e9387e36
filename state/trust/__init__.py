"""How far to believe it: ages, shapes, checks, alerts and whether the desk may rely on it."""
