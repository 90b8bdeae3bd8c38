"""The words bootworthy speaks in: findings, fixes, reports, events and errors; no I/O."""
