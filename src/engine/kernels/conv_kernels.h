// What convolutions need beside libtorch, as plain functions on rows of channels; see norm_kernels.h for the manner.
#pragma once

#include <cstdint>

namespace curricle {

struct ConvKernels {
  // sums[o][i] += Σ over rows of dy[row][o] * x[row][i]: the weight gradient of a 1×1 convolution, for a block of rows.
  // `out` must be a multiple of 4, `inner` of 16.
  void (*outer_sums)(const float* dy, const float* x, int64_t rows, int64_t out, int64_t inner, float* sums);
  // The set of vector instructions that it was compiled for: `base`, `v3` or `v4`.
  const char* variant;
};

ConvKernels conv_kernels_base();
ConvKernels conv_kernels_v3();
ConvKernels conv_kernels_v4();

}  // namespace curricle
