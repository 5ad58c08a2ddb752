"""Rigs for our own tests alone: a real cluster on this machine, JP1 on it, and the torture."""
