#include <cstdlib>

#include "basnet_rt/error.h"
#include "engine/kernels/kernel.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1UL << 20)
#endif
#endif

namespace basnet_rt::engine {
namespace {

#if defined(__x86_64__)
// The compiler's test also checks which registers the operating system saves.
std::string missing(const Kernel* kernel) {
  __builtin_cpu_init();
  if (kernel == portable_kernel()) return "";
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return "this processor or operating system has no AVX2 with FMA";
  }
  if (kernel == avx2_kernel()) return "";
  if (kernel == avx_vnni_kernel()) {
    return __builtin_cpu_supports("avxvnni") ? "" : "this processor has no AVX-VNNI";
  }
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl")) {
    return "this processor or operating system has no AVX-512 (F, BW, VL)";
  }
  if (kernel == avx512_kernel()) return "";
  if (!__builtin_cpu_supports("avx512vnni")) return "this processor has no AVX512_VNNI";
  if (kernel == avx512_vnni_kernel()) return "";
  return __builtin_cpu_supports("avx512bf16") ? "" : "this processor has no AVX512_BF16";
}
#elif defined(__aarch64__) && defined(__linux__)
std::string missing(const Kernel* kernel) {
  const bool dotprod = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  return kernel != neon_dotprod_kernel() || dotprod ? "" : "this processor has no dot products";
}
#else
std::string missing(const Kernel*) { return ""; }  // Apple's 64-bit ARM processors have them all
#endif

std::string list_of_kernels() {
  std::string text;
  for (const KernelEntry& entry : kernels()) {
    text += (text.empty() ? "" : ", ") + std::string(entry.kernel->name);
    if (!entry.why_not.empty()) text += " (" + entry.why_not + ")";
  }
  return text;
}

}  // namespace

const std::vector<KernelEntry>& kernels() {
  static const std::vector<KernelEntry> entries = [] {
    std::vector<KernelEntry> found;
    for (const Kernel* kernel :
         {portable_kernel(), neon_kernel(), neon_dotprod_kernel(), avx2_kernel(), avx_vnni_kernel(),
          avx512_kernel(), avx512_vnni_kernel(), avx512_bf16_kernel()}) {
      if (kernel != nullptr) found.push_back({kernel, missing(kernel)});
    }
    return found;
  }();
  return entries;
}

const Kernel& kernel_named(const std::string& name) {
  for (const KernelEntry& entry : kernels()) {
    if (entry.kernel->name == name && entry.why_not.empty()) return *entry.kernel;
  }
  throw Error(ErrorCode::kUnavailable, "BASNET_RT_FORCE_KERNEL: kernel '" + name +
                                           "' cannot run here; there are: " + list_of_kernels());
}

const Kernel& chosen_kernel() {
  const char* forced = std::getenv("BASNET_RT_FORCE_KERNEL");
  if (forced != nullptr && *forced != '\0') return kernel_named(forced);
  const Kernel* best = portable_kernel();
  for (const KernelEntry& entry : kernels()) {
    if (entry.why_not.empty()) best = entry.kernel;
  }
  return *best;
}

}  // namespace basnet_rt::engine
