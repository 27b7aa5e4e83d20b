"""The CUDA backend on a GPU; `bench/cuda/run_all.sh` runs and tabulates everything."""
