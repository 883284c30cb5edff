// See basic_conv_kernels.h. As norm_kernels.cpp, compiled once for each set of vector instructions, and without libtorch.
//
// Between the two convolutions a map of 16 channels lies in memory (46 kB for MNIST); nothing else does: the second
// convolution's sums stay in registers until they are behind the ReLU and added up.

#include "basic_conv_kernels.h"

#ifndef CURRICLE_VARIANT
#define CURRICLE_VARIANT base
#endif
#define CURRICLE_JOIN_(a, b) a##b
#define CURRICLE_JOIN(a, b) CURRICLE_JOIN_(a, b)

namespace curricle {
namespace {

// Numbers that are computed at once, vectors of outputs and pixels that the registers hold the sums of.
#if defined(__AVX512F__)
constexpr int LANES = 16, TOGETHER = 2, PIXELS = 13;
#elif defined(__AVX2__)
constexpr int LANES = 8, TOGETHER = 2, PIXELS = 6;
#else
constexpr int LANES = 4, TOGETHER = 2, PIXELS = 5;
#endif
typedef float Vector __attribute__((vector_size(4 * LANES), aligned(4)));

inline Vector load(const float* from) { return *reinterpret_cast<const Vector*>(from); }
inline void store(float* to, Vector values) { *reinterpret_cast<Vector*>(to) = values; }
inline Vector relu(Vector x) {
  Vector zero{};
  return x > zero ? x : zero;
}

// The first convolution of an image, behind its ReLU: [height - 1, width - 1, 16].
void first_layer(const float* image, const BasicConvTask& task, float* maps) {
  constexpr int vectors = INNER / LANES;
  int64_t row = task.width * task.channels;
  for (int64_t y = 0; y + 1 < task.height; ++y) {
    for (int64_t x = 0; x + 1 < task.width; ++x, maps += INNER) {
      Vector sum[vectors];
      for (int v = 0; v < vectors; ++v) sum[v] = load(task.first_bias + v * LANES);
      const float* weights = task.first;
      for (int64_t down = 0; down < 2; ++down) {
        const float* pixels = image + (y + down) * row + x * task.channels;
        // Two pixels side by side with their channels.
        for (int64_t i = 0; i < 2 * task.channels; ++i, weights += INNER) {
          for (int v = 0; v < vectors; ++v) sum[v] += load(weights + v * LANES) * pixels[i];
        }
      }
      for (int v = 0; v < vectors; ++v) store(maps + v * LANES, relu(sum[v]));
    }
  }
}

// Adds some outputs of `pixels` neighbours, behind the ReLU, to `total`.
template <int pixels>
inline void tile(const float* maps, int64_t row, const float* weights, const float* bias, Vector* total) {
  Vector sum[pixels][TOGETHER];
  for (int p = 0; p < pixels; ++p) {
    for (int v = 0; v < TOGETHER; ++v) sum[p][v] = load(bias + v * LANES);
  }
  for (int down = 0; down < 2; ++down) {
    // Two pixels side by side are 32 numbers in a row.
    for (int i = 0; i < 2 * INNER; ++i, weights += OUTER) {
      Vector weight[TOGETHER];
      for (int v = 0; v < TOGETHER; ++v) weight[v] = load(weights + v * LANES);
      for (int p = 0; p < pixels; ++p) {
        float value = maps[down * row + p * INNER + i];
        for (int v = 0; v < TOGETHER; ++v) sum[p][v] += weight[v] * value;
      }
    }
  }
  for (int p = 0; p < pixels; ++p) {
    for (int v = 0; v < TOGETHER; ++v) total[v] += relu(sum[p][v]);
  }
}

void features(const float* images, int64_t count, const BasicConvTask* told, float* scratch, double* means) {
  const BasicConvTask task = *told;
  int64_t height = task.height - 2, width = task.width - 2, row = (task.width - 1) * INNER;
  for (int64_t n = 0; n < count; ++n, images += task.height * task.width * task.channels, means += OUTER) {
    first_layer(images, task, scratch);
    for (int64_t o = 0; o < OUTER; ++o) means[o] = 0;
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t o = 0; o < OUTER; o += TOGETHER * LANES) {
        Vector total[TOGETHER] = {};
        const float* maps = scratch + y * row;
        int64_t left = width;
        for (; left >= PIXELS; left -= PIXELS, maps += PIXELS * INNER) tile<PIXELS>(maps, row, task.second + o, task.second_bias + o, total);
        for (; left >= 2; left -= 2, maps += 2 * INNER) tile<2>(maps, row, task.second + o, task.second_bias + o, total);
        for (; left > 0; --left, maps += INNER) tile<1>(maps, row, task.second + o, task.second_bias + o, total);
        // A row is short: its sum in f32 is as good as exact; the rows are added in f64.
        for (int v = 0; v < TOGETHER; ++v) {
          for (int lane = 0; lane < LANES; ++lane) means[o + v * LANES + lane] += total[v][lane];
        }
      }
    }
    for (int64_t o = 0; o < OUTER; ++o) means[o] /= static_cast<double>(height * width);
  }
}

}  // namespace

BasicConvKernels CURRICLE_JOIN(basic_conv_kernels_, CURRICLE_VARIANT)() { return {features}; }

}  // namespace curricle
