// Which set of vector instructions the kernels are taken for.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace curricle {

// What a processor can do: 3 or 4 as in x86-64-v3 and -v4, 0 for any other.
inline int supported_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  return v4 ? 4 : v3 ? 3 : 0;
#else
  return 0;
#endif
}

// The level to take. `CURRICLE_VECTORS` = `base`, `v3` or `v4` asks for one that the processor has: for tests, and to get the
// bits of a smaller machine. Throws where it names another.
inline int vector_level() {
  int most = supported_level();
  const char* asked = std::getenv("CURRICLE_VECTORS");
  if (!asked || !*asked) return most;
  std::string_view name = asked;
  int level = name == "base" ? 0 : name == "v3" ? 3 : name == "v4" ? 4 : 5;
  if (level > most) throw std::runtime_error("CURRICLE_VECTORS names no set of vector instructions that this processor has");
  return level;
}

// The table of functions for that set.
template <typename Table>
Table chosen(Table (*base)(), Table (*v3)(), Table (*v4)()) {
  int level = vector_level();
  return level == 4 ? v4() : level == 3 ? v3() : base();
}

}  // namespace curricle
