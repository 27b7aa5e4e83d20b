#pragma once

// Code after BASNET_RT_TARGET_BEGIN may use the named instructions; only this folder's tiles and
// registers are included after it. Compiler flags for the whole file would also apply to inline
// functions of the standard library, and the linker might use those on every machine.

#define BASNET_RT_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define BASNET_RT_TARGET_BEGIN(isa) \
  BASNET_RT_PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define BASNET_RT_TARGET_END BASNET_RT_PRAGMA(clang attribute pop)
#else
#define BASNET_RT_TARGET_BEGIN(isa) \
  BASNET_RT_PRAGMA(GCC push_options) BASNET_RT_PRAGMA(GCC target(isa))
#define BASNET_RT_TARGET_END BASNET_RT_PRAGMA(GCC pop_options)
#endif

// Sums of int32 as the compilers' own vectors: GCC 12 leaves arrays of __m512i in memory.
#define BASNET_RT_INTS(bytes) int __attribute__((vector_size(bytes), may_alias))

#define BASNET_RT_UNROLL BASNET_RT_PRAGMA(GCC unroll 32)
