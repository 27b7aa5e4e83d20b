"""`basnet-train sweep`: several settings and seeds, each measured on held-out videos."""
