"""Costs as ratios: every figure is held against the least that the same work can cost, in the same run."""
