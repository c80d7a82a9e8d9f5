"""The judgement: what a command does, whether two are the same check, whether a fix held. Pure."""
