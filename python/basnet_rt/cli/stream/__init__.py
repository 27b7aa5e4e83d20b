"""`basnet-rt stream`."""
