"""Fixtures and golden files that the server's tests compare against."""
