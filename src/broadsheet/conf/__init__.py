"""Puts the house together: settings, addresses, the WSGI application and the command line."""
