"""The WSGI entry: the one module of this package that acts on import."""

import os

from dash_app.app import create_app
from dash_app.settings import read_settings

server = create_app(read_settings(os.environ)).server
