"""Video: files, addresses and cameras as pictures with true times."""
