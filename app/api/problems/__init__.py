"""Problems (RFC 9457): their codes, how they are raised, declared and rendered."""
