"""Networks of others as extractors: TorchScript and ONNX files with a contract."""
