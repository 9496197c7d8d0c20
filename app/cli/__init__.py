"""The commands of `aftersales`, a file for each group; app/cli/main.py has the table."""
