"""The daemon's work: one cycle, its inputs, the peak, and what changed."""
