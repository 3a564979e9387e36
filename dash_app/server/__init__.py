"""What HTTP needs: one answer for all tabs, headers, endpoints of programs, counts, logs and listeners."""
