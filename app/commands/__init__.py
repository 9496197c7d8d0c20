"""The commands of `aftersales`, one file each; app/cli.py puts them together."""
