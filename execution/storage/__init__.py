"""How files are written whole, locked and read on: state files and event logs."""
