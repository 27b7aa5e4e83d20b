"""`basnet-train reproduce`: the paper's tables from a released package of features."""
