namespace basnet_rt::engine {
struct Kernel;
const Kernel* neon_kernel();
const Kernel* neon_kernel() { return nullptr; }
}  // namespace basnet_rt::engine
