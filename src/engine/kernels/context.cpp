// What tch does not offer: switches of libtorch's global context, and its version.

#include "variant.h"

#include <ATen/Context.h>
#include <torch/headeronly/version.h>

extern "C" {

// The largest set of vector instructions that the processor has: 0, 3 or 4.
int curricle_supported_level() { return curricle::supported_level(); }

// The version that the program was compiled against.
const char* curricle_torch_version() { return TORCH_VERSION; }

// Deterministic algorithms on CUDA: cuDNN picks no algorithm by timing, and operations without a deterministic
// implementation warn instead of failing.
void curricle_set_deterministic(bool on) {
  at::globalContext().setDeterministicCuDNN(on);
  at::globalContext().setBenchmarkCuDNN(!on);
  at::globalContext().setDeterministicAlgorithms(on, /*warn_only=*/true);
}

// Subnormal numbers count as zero: they cost hundreds of cycles each on a CPU and carry nothing here.
bool curricle_set_flush_denormal(bool on) { return at::globalContext().setFlushDenormal(on); }
}
