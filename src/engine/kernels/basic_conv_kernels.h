// The test pass of BasicConv, as a plain function on images; see norm_kernels.h for the manner.
#pragma once

#include <cstdint>

namespace curricle {

constexpr int64_t INNER = 16, OUTER = 32;

// conv 2×2 c→16, ReLU, conv 2×2 16→32, ReLU: the first norm lies in the second convolution's weights, the second norm
// behind the mean.
struct BasicConvTask {
  int64_t height, width, channels;
  const float* first;         // [2, 2, channels, 16]
  const float* first_bias;    // [16]
  const float* second;        // [2, 2, 16, 32]
  const float* tiles;         // [3, 3, 16, 32]: second in Winograd's form, G·g·Gᵀ
  const float* second_bias;   // [32]
};

struct BasicConvKernels {
  // means[n] = the mean of each of the 32 maps of image n, [height, width, channels]. `scratch` holds
  // (height - 1)·(width - 1)·16 numbers.
  void (*features)(const float* images, int64_t count, const BasicConvTask* task, float* scratch, double* means);
};

BasicConvKernels basic_conv_kernels_base();
BasicConvKernels basic_conv_kernels_v3();
BasicConvKernels basic_conv_kernels_v4();

}  // namespace curricle
