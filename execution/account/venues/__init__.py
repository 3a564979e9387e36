"""One small description per exchange: what may be asked of it, and what its answers mean."""
