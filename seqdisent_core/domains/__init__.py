"""One room a kind of element."""
