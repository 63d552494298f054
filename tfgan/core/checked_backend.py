"""Importing this module checks the backend of Keras: a package that needs Keras does so before its other imports."""

from tfgan.core import backend

backend.check()
