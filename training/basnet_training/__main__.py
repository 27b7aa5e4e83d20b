"""`python -m basnet_training`, for `torchrun -m`."""

from .cli import main

if __name__ == "__main__":
    main()
