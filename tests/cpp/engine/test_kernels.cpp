// Which kernel runs, and what is said where it cannot.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "basnet_rt/error.h"
#include "engine/kernels/kernel.h"

namespace basnet_rt::engine {
namespace {

TEST(Kernels, PortableIsAlwaysThere) {
  ASSERT_FALSE(kernels().empty());
  EXPECT_STREQ(kernels().front().kernel->name, "portable");
  EXPECT_EQ(kernels().front().why_not, "");
}

TEST(Kernels, EnvironmentForcesOne) {
  for (const KernelEntry& entry : kernels()) {
    setenv("BASNET_RT_FORCE_KERNEL", entry.kernel->name, 1);
    if (entry.why_not.empty()) {
      EXPECT_EQ(&chosen_kernel(), entry.kernel);
    } else {
      EXPECT_THROW(chosen_kernel(), Error);
    }
  }
  unsetenv("BASNET_RT_FORCE_KERNEL");
}

TEST(Kernels, UnknownNameListsAll) {
  setenv("BASNET_RT_FORCE_KERNEL", "avx1024", 1);
  try {
    chosen_kernel();
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
    const std::string text = error.what();
    EXPECT_NE(text.find("'avx1024'"), std::string::npos) << text;
    for (const KernelEntry& entry : kernels()) {
      EXPECT_NE(text.find(entry.kernel->name), std::string::npos) << text;
    }
  }
  unsetenv("BASNET_RT_FORCE_KERNEL");
}

}  // namespace
}  // namespace basnet_rt::engine
