"""`python -m basnet_rt` is `basnet-rt`."""

from basnet_rt.cli import main

main()
