"""What distributions do differently: one module a family; rules never ask which one it is."""
