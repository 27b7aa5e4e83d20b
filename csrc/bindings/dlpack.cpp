#include "dlpack.h"

#include <cstring>

#include "basnet_rt/error.h"

namespace basnet_rt::python {
namespace {

namespace py = pybind11;

// The binary interface of DLPack 1.x; the names are those of DLPack without the prefix DL.
// Source: https://dmlc.github.io/dlpack/latest/c_api.html
constexpr std::int32_t kDeviceCuda = 2;
constexpr std::uint8_t kFloat = 2;
constexpr std::uint32_t kMajorVersion = 1;

struct Device {
  std::int32_t type;
  std::int32_t id;
};

struct DataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  std::int32_t num_dimensions;
  DataType type;
  std::int64_t* shape;
  std::int64_t* strides;  // in values; null: C-contiguous
  std::uint64_t byte_offset;
};

struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};

struct VersionedTensor {
  std::uint32_t major;
  std::uint32_t minor;
  void* context;
  void (*deleter)(VersionedTensor*);
  std::uint64_t flags;
  Tensor tensor;
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kInvalidType, message);
}

template <class Managed>
std::shared_ptr<void> owned(Managed* managed) {
  return {managed, [](void* pointer) {
            auto* given = static_cast<Managed*>(pointer);
            if (given->deleter != nullptr) given->deleter(given);
          }};
}

// After this call the capsule's destructor does not free the memory; `owner` does.
void mark_used(PyObject* capsule, const char* used) {
  if (PyCapsule_SetName(capsule, used) != 0) throw py::error_already_set();
}

const Tensor& take(const py::object& object, const std::string& name,
                   std::shared_ptr<void>& owner) {
  PyObject* capsule = object.ptr();
  if (PyCapsule_IsValid(capsule, "dltensor") != 0) {
    auto* managed = static_cast<ManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    mark_used(capsule, "used_dltensor");
    owner = owned(managed);
    return managed->tensor;
  }
  if (PyCapsule_IsValid(capsule, "dltensor_versioned") != 0) {
    auto* managed =
        static_cast<VersionedTensor*>(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
    mark_used(capsule, "used_dltensor_versioned");
    owner = owned(managed);
    if (managed->major != kMajorVersion) {
      refuse(name + " comes by DLPack " + std::to_string(managed->major) + "." +
             std::to_string(managed->minor) + "; version 1 is understood");
    }
    return managed->tensor;
  }
  refuse(name + " is no DLPack capsule, or one that was used before");
}

std::vector<std::int64_t> strides_of(const Tensor& tensor) {
  const auto count = static_cast<std::size_t>(tensor.num_dimensions);
  if (tensor.strides != nullptr) return {tensor.strides, tensor.strides + count};
  std::vector<std::int64_t> strides(count, 1);
  for (std::size_t i = count - 1; i > 0; --i) strides[i - 1] = strides[i] * tensor.shape[i];
  return strides;
}

void check_kind(const Tensor& tensor, const std::string& name) {
  if (tensor.device.type != kDeviceCuda) {
    refuse(name + " lies on device type " + std::to_string(tensor.device.type) +
           " of DLPack; it must be 2, a CUDA device");
  }
  if (tensor.type.code != kFloat || tensor.type.bits != 32 || tensor.type.lanes != 1) {
    refuse(name + " has DLPack type (code " + std::to_string(tensor.type.code) + ", " +
           std::to_string(tensor.type.bits) + " bits); it must be float32");
  }
  if (tensor.num_dimensions < 1 || tensor.num_dimensions > 3) {
    refuse(name + " has " + std::to_string(tensor.num_dimensions) +
           " dimensions; it must have one to three");
  }
}

}  // namespace

GpuRows::GpuRows(const py::object& capsule, const std::string& name) {
  const Tensor& tensor = take(capsule, name, owner_);
  check_kind(tensor, name);
  const std::vector<std::int64_t> strides = strides_of(tensor);
  const std::size_t last = strides.size() - 1;
  shape_.assign(tensor.shape, tensor.shape + strides.size());
  device_ = tensor.device.id;
  data_ =
      reinterpret_cast<const float*>(static_cast<const char*>(tensor.data) + tensor.byte_offset);
  num_rows_ = 1;
  for (std::size_t i = 0; i < last; ++i) num_rows_ *= shape_[i];
  // The stride of a dimension with one entry has no meaning.
  if (shape_[last] > 1 && strides[last] != 1) {
    refuse(name + " has shape " + shape_text() + " and a stride of " +
           std::to_string(strides[last]) + " along the last dimension; it must be 1");
  }
  const bool many_rows = last > 0 && shape_[last - 1] > 1;
  const bool many_videos = last == 2 && shape_[0] > 1;
  row_stride_ = shape_[last];
  if (many_rows) {
    row_stride_ = strides[last - 1];
  } else if (many_videos) {
    row_stride_ = strides[0];
  }
  if (many_videos && strides[0] != shape_[1] * row_stride_) {
    refuse(name + " has shape " + shape_text() +
           " and rows that are not evenly spaced; make it contiguous");
  }
  if (row_stride_ < shape_[last]) {
    refuse(name + " has shape " + shape_text() + " and " + std::to_string(row_stride_) +
           " values from one row to the next; rows must not overlap");
  }
}

std::string GpuRows::shape_text() const {
  std::string text = "(";
  for (std::size_t i = 0; i < shape_.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape_[i]);
  }
  return text + (shape_.size() == 1 ? ",)" : ")");
}

}  // namespace basnet_rt::python
