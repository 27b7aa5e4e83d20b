"""`python -m basnet_training`, for `torchrun -m`."""

from .program import main

if __name__ == "__main__":
    main()
