"""`python -m stillfixed.connectors.cli`, where the entry point is not on the path."""

from stillfixed.connectors.cli import main

main()
