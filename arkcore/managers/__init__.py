"""Adapters to what calls us: arguments and environment in, exit code out."""
