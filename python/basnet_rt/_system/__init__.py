"""Files written whole, JSON, digests, processes and optional packages: what the rest builds on."""
