"""How the guest gets its address."""
