"""The page: renders the normalized state. Reads no file, never imports execution."""
