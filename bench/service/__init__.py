"""The gRPC service under the load of many clients."""
