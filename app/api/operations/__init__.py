"""The operations of the API in tables, a row each; `table.OPERATIONS` has them all."""
