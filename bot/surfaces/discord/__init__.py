"""Discord: a thread for every story. Needs the extra ``discord``."""
