"""The overview of several desks: totals, tiles, the table of the rest, and one alert line over all of them."""
