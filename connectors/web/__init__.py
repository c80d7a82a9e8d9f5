"""The session host's HTTP API and page. `app.create_app` puts it together."""
