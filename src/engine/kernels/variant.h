// Which set of vector instructions the kernels are taken for.
#pragma once

#include <cstdlib>
#include <cstring>

namespace curricle {

// 3 or 4 as in x86-64-v3 and -v4, 0 for any processor. `CURRICLE_VECTORS` = `base`, `v3` or `v4` asks for a smaller one:
// for tests, and to get the bits of a smaller machine.
inline int vector_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  int level = v4 ? 4 : v3 ? 3 : 0;
#else
  int level = 0;
#endif
  const char* asked = std::getenv("CURRICLE_VECTORS");
  if (asked && std::strcmp(asked, "base") == 0) return 0;
  if (asked && std::strcmp(asked, "v3") == 0 && level > 3) return 3;
  return level;
}

// The table of functions for that set.
template <typename Table>
Table chosen(Table (*base)(), Table (*v3)(), Table (*v4)()) {
  int level = vector_level();
  return level == 4 ? v4() : level == 3 ? v3() : base();
}

}  // namespace curricle
