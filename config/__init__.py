"""Wires the apps together: settings, urls, processes."""
