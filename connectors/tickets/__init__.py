"""The edge to ticket systems: exports of tickets, read from files into the log."""
