"""The read side: workers that follow the log into DuckDB. Comes in an issue of its own."""
