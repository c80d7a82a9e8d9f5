"""The domain: what can happen in a session, what follows, and whether it may close. Pure."""
