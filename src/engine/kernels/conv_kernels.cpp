// See conv_kernels.h. As norm_kernels.cpp, compiled once for each set of vector instructions, and without libtorch.

#include "conv_kernels.h"

#ifndef CURRICLE_VARIANT
#define CURRICLE_VARIANT base
#endif
#define CURRICLE_JOIN_(a, b) a##b
#define CURRICLE_JOIN(a, b) CURRICLE_JOIN_(a, b)
#define CURRICLE_TEXT_(a) #a
#define CURRICLE_TEXT(a) CURRICLE_TEXT_(a)

namespace curricle {
namespace {

// Sixteen numbers that are computed at once, lying anywhere in memory.
typedef float Sixteen __attribute__((vector_size(64), aligned(4)));

// Rows whose values stay in the first cache while all pairs of channels are gone through.
constexpr int64_t TOGETHER = 64;

// Four channels of dy with `vectors` times sixteen of x: the sums stay in registers.
template <int vectors>
void tile(const float* dy, const float* x, int64_t rows, int64_t out, int64_t inner, float* sums) {
  Sixteen total[4][vectors];
  for (int o = 0; o < 4; ++o) {
    for (int v = 0; v < vectors; ++v) total[o][v] = *reinterpret_cast<const Sixteen*>(sums + o * inner + 16 * v);
  }
  for (int64_t row = 0; row < rows; ++row) {
    Sixteen values[vectors];
    for (int v = 0; v < vectors; ++v) values[v] = *reinterpret_cast<const Sixteen*>(x + row * inner + 16 * v);
    for (int o = 0; o < 4; ++o) {
      float gradient = dy[row * out + o];
      for (int v = 0; v < vectors; ++v) total[o][v] += values[v] * gradient;
    }
  }
  for (int o = 0; o < 4; ++o) {
    for (int v = 0; v < vectors; ++v) *reinterpret_cast<Sixteen*>(sums + o * inner + 16 * v) = total[o][v];
  }
}

void outer_sums(const float* dy, const float* x, int64_t rows, int64_t out, int64_t inner, float* sums) {
  for (int64_t first = 0; first < rows; first += TOGETHER) {
    int64_t here = rows - first < TOGETHER ? rows - first : TOGETHER;
    for (int64_t i = 0; i < inner;) {
      int64_t left = inner - i, vectors = left >= 64 ? 4 : left >= 32 ? 2 : 1;
      for (int64_t o = 0; o < out; o += 4) {
        auto pass = vectors == 4 ? tile<4> : vectors == 2 ? tile<2> : tile<1>;
        pass(dy + first * out + o, x + first * inner + i, here, out, inner, sums + o * inner + i);
      }
      i += 16 * vectors;
    }
  }
}

}  // namespace

ConvKernels CURRICLE_JOIN(conv_kernels_, CURRICLE_VARIANT)() { return {outer_sums, CURRICLE_TEXT(CURRICLE_VARIANT)}; }

}  // namespace curricle
