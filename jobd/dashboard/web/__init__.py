"""`jobctl web`: the dashboard in a browser, behind a login."""
