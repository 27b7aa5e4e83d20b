"""Networks of users as extractors: TorchScript and ONNX files with a contract."""
