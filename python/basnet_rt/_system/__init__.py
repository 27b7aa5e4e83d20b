"""Files written completely or not at all, JSON, digests, processes and optional packages."""
