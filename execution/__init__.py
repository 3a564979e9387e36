"""Who writes: the executor, the sync daemon and what they share; the doors are at the top, imports run downwards."""
