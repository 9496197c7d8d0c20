"""What api.md promises of every route, held against every operation of the document."""
