// The pickle reader: data is read, calls are data or refused, and damage is noticed.

#include <gtest/gtest.h>

#include <string>

#include "bundle/zip_maker.h"
#include "engine/bundle/bad_file.h"
#include "engine/bundle/mapped_file.h"
#include "engine/bundle/pickle.h"
#include "engine/bundle/zip.h"

namespace basnet_rt::bundle {
namespace {

using Kind = Pickled::Kind;

const std::string kStart = "\x80\x02";

std::string complaint(const std::string& bytes) {
  try {
    const Pickle pickle(bytes);
    return "";
  } catch (const BadFile& error) {
    return error.what();
  }
}

TEST(Pickle, ReadsPlainData) {
  // {"a": (1, -2, 300, 1.5, None, True), "b": [False]} by the opcodes that torch writes.
  const std::string bytes = kStart + "}(X" + testing::little(1, 4) + "aq\x01" + "(K\x01J" +
                            testing::little(static_cast<std::uint32_t>(-2), 4) + "M" +
                            testing::little(300, 2) + "G\x3f\xf8" + std::string(6, '\0') +
                            "N\x88tX" + testing::little(1, 4) + "b](\x89" + "eu.";
  const Pickle pickle(bytes);
  const Pickled& tuple = *pickle.root().find("a");
  ASSERT_EQ(tuple.items.size(), 6u);
  EXPECT_EQ(tuple.items[0]->integer, 1);
  EXPECT_EQ(tuple.items[1]->integer, -2);
  EXPECT_EQ(tuple.items[2]->integer, 300);
  EXPECT_EQ(tuple.items[3]->number, 1.5);
  EXPECT_TRUE(tuple.items[4]->is(Kind::kNone));
  EXPECT_TRUE(tuple.items[5]->truth);
  EXPECT_EQ(pickle.root().find("b")->items.size(), 1u);
  EXPECT_EQ(pickle.root().find("c"), nullptr);
}

TEST(Pickle, CallsNothing) {
  // os.system("x"), as Python would run it, in the opcodes of several protocols.
  EXPECT_NE(complaint(kStart + "cos\nsystem\nX" + testing::little(1, 4) + "x\x85R.")
                .find("calls os.system, which no bundle does"),
            std::string::npos);
  EXPECT_NE(complaint(kStart + "(S'x'\nios\nsystem\n."), "");
  EXPECT_NE(complaint(kStart + "X\x01\x01\x01\x01"), "");
  EXPECT_NE(complaint(kStart + "c__builtin__\neval\n)\x81N\x62R."), "");
  EXPECT_NE(complaint("\x80\x04" + std::string("N.")).find("protocol 2"), std::string::npos);
}

TEST(Pickle, RefusesNonsense) {
  for (const char* body : {".",
                           "(.",
                           "N",
                           "NN.",
                           "t.",
                           "e.",
                           "](e",
                           "K",
                           "h\x05.",
                           "q\x01.",
                           "(q\x01t.",
                           "}(Nu.",
                           "]Na",
                           "Q.",
                           "NQ.",
                           "R.",
                           ")R.",
                           "N)R.",
                           "b.",
                           "NNb.",
                           "\x85.",
                           "cos\nsystem",
                           "X\xff\xff\xff\xff"
                           "a.",
                           "\x8a\x01\x01."}) {
    EXPECT_NE(complaint(kStart + body), "") << body;
  }
  EXPECT_NE(complaint(""), "");
}

TEST(Pickle, IsBoundedInMemory) {
  std::string many = kStart + "(";
  for (int i = 0; i < 100'000; ++i) many += "N";
  EXPECT_NE(complaint(many + "t.").find("more values"), std::string::npos);
  // A list doubled over and over: 2^60 items if each were copied.
  std::string doubled = kStart + "](Neq\x01";
  for (int i = 0; i < 60; ++i)
    doubled +=
        "](h\x01h\x01"
        "eq\x01";
  EXPECT_EQ(complaint(doubled + "(t."), "its pickle does not end with one value");
}

TEST(Pickle, NoticesEveryTruncationOfABundlesOwn) {
  const auto file = MappedFile::open(TEST_DATA "/bundles_0_1/full.pt");
  const Zip archive(file->bytes());
  const std::string whole(archive.stored(*archive.find("bundle/data.pkl")));
  ASSERT_EQ(complaint(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(complaint(whole.substr(0, size)), "") << size;
  }
}

}  // namespace
}  // namespace basnet_rt::bundle
