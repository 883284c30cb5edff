// The test pass of BasicConv, with the kernels that fit this processor.

#include "basic_conv_kernels.h"
#include "variant.h"

extern "C" {

// See BasicConvKernels::features. Safe to call from several threads.
void curricle_basic_conv_features(const float* images, int64_t count, const curricle::BasicConvTask* task, float* scratch, double* means) {
#if defined(__x86_64__)
  static const curricle::BasicConvKernels table =
      curricle::chosen(curricle::basic_conv_kernels_base, curricle::basic_conv_kernels_v3, curricle::basic_conv_kernels_v4);
#else
  static const curricle::BasicConvKernels table = curricle::basic_conv_kernels_base();
#endif
  table.features(images, count, task, scratch, means);
}
}
