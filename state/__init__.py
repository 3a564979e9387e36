"""What is true: the only reader of the state files. Imports nothing but the standard library."""

from state.loader import load_all_state

__all__ = ["load_all_state"]
