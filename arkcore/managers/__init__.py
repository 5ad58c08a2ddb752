"""Adapters to what calls us: arguments and environment in, exit code out.

Imports `guard` and below.
"""
