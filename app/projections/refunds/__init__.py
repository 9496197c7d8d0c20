"""The read models of refunds and advance payouts, and the monthly statement made from them."""
