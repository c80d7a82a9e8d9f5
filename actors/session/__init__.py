"""The domain: what can happen in a session, what follows from it, and whether it may close. Pure."""
