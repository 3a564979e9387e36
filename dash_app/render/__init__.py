"""Renderers: pure functions from the state to what one panel shows."""
