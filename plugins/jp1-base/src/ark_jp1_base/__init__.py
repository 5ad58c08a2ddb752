"""JP1/Base under Generic ARK, and what it has in common with JP1/AJS3.

The plugin is :class:`ark_jp1_base.plugin.Jp1Base`. The plugins for JP1/AJS3 build on
:mod:`ark_jp1_base.ajs3`. What is known of the products' commands is in :mod:`ark_jp1_base.facts`.
"""
