"""The ledger of shops, and snapshots of their funds streams."""
