"""The database: pools, migrations, and the embedded server for trying things out."""
