// What makes two files' code equal, and that every bundle of 0.1 has known code.

#include <gtest/gtest.h>

#include <string>

#include "basnet_rt/bundle.h"
#include "engine/bundle/code_text.h"
#include "engine/bundle/sha256.h"
#include "support.h"

namespace basnet_rt::bundle {
namespace {

TEST(Code, DigestsAreThoseOfTheStandard) {  // FIPS 180-4's examples
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Code, GeneratedNumbersDoNotMatter) {
  EXPECT_EQ(normalised_code("def f(x):\n  x3 = x\n  _7 = x3\n"),
            normalised_code("def f(x):\n  x0 = x\n  _2 = x0\n"));
  EXPECT_EQ(normalised_code("a : __torch__.m.___torch_mangle_4.C"),
            normalised_code("a : __torch__.m.C"));
}

TEST(Code, EverythingElseDoes) {
  const std::string code = "def f(x):\n  x1 = x\n  x2 = x1\n  return torch.add(x2, \"x5\", 3)\n";
  for (const char* other : {"def f(x):\n  x1 = x\n  x2 = x1\n  return torch.add(x1, \"x5\", 3)\n",
                            "def f(x):\n  x1 = x\n  x2 = x1\n  return torch.add(x2, \"x6\", 3)\n",
                            "def f(x):\n  x1 = x\n  x2 = x1\n  return torch.add(x2, \"x5\", 4)\n",
                            "def f(x):\n  x1 = x\n  x2 = x1\n  return torch.add2(x2, \"x5\", 3)\n",
                            "def f(x):\n  x1 = x\n  x2 = x1\n  return ops.add(x2, \"x5\", 3)\n"}) {
    EXPECT_NE(normalised_code(code), normalised_code(other)) << other;
  }
}

TEST(Code, OfEveryOldBundleIsKnown) {
  for (const char* name : {"full", "bfloat16", "projection", "base_only", "no_background"}) {
    const std::string path = TEST_DATA "/bundles_0_1/" + std::string(name) + ".pt";
    EXPECT_NO_THROW(check_bundle_code(path)) << name;
    EXPECT_NO_THROW(check_bundle_undamaged(path)) << name;
  }
}

}  // namespace
}  // namespace basnet_rt::bundle
