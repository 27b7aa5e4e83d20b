"""Files written whole, JSON, digests, processes and optional packages."""
