"""The dashboard: a daemon for eyes. It knows the client and the words of the model, nothing below."""
