"""What is remembered between two calls: state and locks. Imports `machine` and `base`."""
