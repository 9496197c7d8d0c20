"""The commands of `aftersales`, one file each; app/cli/main.py puts them together."""
