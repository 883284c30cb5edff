// See basic_conv_kernels.h. As norm_kernels.cpp, compiled once for each set of vector instructions, and without libtorch.
//
// Between the two convolutions a map of 16 channels lies in memory (46 kB for MNIST). The second convolution, nearly all of the
// arithmetic, takes tiles of 2×2 pixels by Winograd's F(2×2, 2×2) (Winograd 1980; Lavin & Gray 2016): with d the 3×3 numbers that a
// tile reads, Y = Aᵀ·[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]·A, 9 products in place of 16. In one dimension
//
//   m = ((d₀ − d₁)·g₀, d₁·(g₀ + g₁), (d₁ − d₂)·g₁), y = (m₀ + m₁, m₁ − m₂).
//
// What is left over at an odd edge is computed as it stands.

#include "basic_conv_kernels.h"

#ifndef CURRICLE_VARIANT
#define CURRICLE_VARIANT base
#endif
#define CURRICLE_JOIN_(a, b) a##b
#define CURRICLE_JOIN(a, b) CURRICLE_JOIN_(a, b)

namespace curricle {
namespace {

// Numbers that are computed at once, vectors of outputs and pixels (or tiles) that the registers hold the sums of.
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

// The first convolution of an image, behind its ReLU: [height - 1, width - 1, 16]. `known` channels, or as many as the task says.
template <int known>
inline void first_layer(const float* image, const BasicConvTask& task, float* __restrict maps) {
  constexpr int vectors = INNER / LANES;
  const int64_t channels = known > 0 ? known : task.channels, row = task.width * channels;
  Vector bias[vectors];
  for (int v = 0; v < vectors; ++v) bias[v] = load(task.first_bias + v * LANES);
  for (int64_t y = 0; y + 1 < task.height; ++y) {
    for (int64_t x = 0; x + 1 < task.width; ++x, maps += INNER) {
      Vector sum[vectors];
      for (int v = 0; v < vectors; ++v) sum[v] = bias[v];
      const float* weights = task.first;
      for (int64_t down = 0; down < 2; ++down) {
        const float* pixels = image + (y + down) * row + x * channels;
        // Two pixels side by side with their channels.
        for (int64_t i = 0; i < 2 * channels; ++i, weights += INNER) {
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

// Places of a 3×3 patch in Winograd's form: each has its own products of channels.
constexpr int POSITIONS = 9;

// Bᵀ·d·B of `tiles` neighbours for all channels: [position, tile, channel].
template <int tiles>
inline void transform(const float* maps, int64_t row, float* out) {
  for (int t = 0; t < tiles; ++t, maps += 2 * INNER) {
    for (int c = 0; c < INNER; c += LANES) {
      Vector across[3][3];
      for (int down = 0; down < 3; ++down) {
        const float* from = maps + down * row + c;
        Vector left = load(from), middle = load(from + INNER), right = load(from + 2 * INNER);
        across[down][0] = left - middle;
        across[down][1] = middle;
        across[down][2] = middle - right;
      }
      for (int b = 0; b < 3; ++b) {
        float* to = out + (b * tiles + t) * INNER + c;
        store(to, across[0][b] - across[1][b]);
        store(to + 3 * tiles * INNER, across[1][b]);
        store(to + 6 * tiles * INNER, across[1][b] - across[2][b]);
      }
    }
  }
}

// Adds some outputs of `tiles` neighbours, behind the ReLU, to `total` of the upper and of the lower row.
template <int tiles>
inline void winograd(const float* transformed, const float* weights, const float* bias, Vector (*total)[TOGETHER]) {
  Vector products[POSITIONS][tiles][TOGETHER];
  for (int position = 0; position < POSITIONS; ++position, transformed += tiles * INNER) {
    Vector sum[tiles][TOGETHER] = {};
    for (int i = 0; i < INNER; ++i, weights += OUTER) {
      Vector weight[TOGETHER];
      for (int v = 0; v < TOGETHER; ++v) weight[v] = load(weights + v * LANES);
      for (int t = 0; t < tiles; ++t) {
        float value = transformed[t * INNER + i];
        for (int v = 0; v < TOGETHER; ++v) sum[t][v] += weight[v] * value;
      }
    }
    for (int t = 0; t < tiles; ++t) {
      for (int v = 0; v < TOGETHER; ++v) products[position][t][v] = sum[t][v];
    }
  }
  for (int v = 0; v < TOGETHER; ++v) {
    Vector shift = load(bias + v * LANES);
    for (int t = 0; t < tiles; ++t) {
      Vector upper[3], lower[3];
      for (int b = 0; b < 3; ++b) {
        upper[b] = products[b][t][v] + products[3 + b][t][v];
        lower[b] = products[3 + b][t][v] - products[6 + b][t][v];
      }
      total[0][v] += relu(upper[0] + upper[1] + shift) + relu(upper[1] - upper[2] + shift);
      total[1][v] += relu(lower[0] + lower[1] + shift) + relu(lower[1] - lower[2] + shift);
    }
  }
}

// Outputs of a row of `width` pixels from the left, one after the other, added to `total`.
inline void direct(const float* maps, int64_t row, int64_t width, const BasicConvTask& task, int64_t o, Vector* total) {
  const float *weights = task.second + o, *bias = task.second_bias + o;
  for (; width >= PIXELS; width -= PIXELS, maps += PIXELS * INNER) tile<PIXELS>(maps, row, weights, bias, total);
  for (; width >= 2; width -= 2, maps += 2 * INNER) tile<2>(maps, row, weights, bias, total);
  for (; width > 0; --width, maps += INNER) tile<1>(maps, row, weights, bias, total);
}

// A row is short: its sum in f32 is as good as exact; the rows are added in f64.
inline void add(const Vector* total, double* means) {
  for (int v = 0; v < TOGETHER; ++v) {
    for (int lane = 0; lane < LANES; ++lane) means[v * LANES + lane] += total[v][lane];
  }
}

// `tiles` neighbours of two rows, all outputs.
template <int tiles>
inline void tiled(const float* maps, int64_t row, const BasicConvTask& task, Vector (*totals)[2][TOGETHER]) {
  alignas(64) float transformed[POSITIONS * tiles * INNER];
  transform<tiles>(maps, row, transformed);
  for (int64_t o = 0; o < OUTER; o += TOGETHER * LANES, ++totals) winograd<tiles>(transformed, task.tiles + o, task.second_bias + o, *totals);
}

void features(const float* images, int64_t count, const BasicConvTask* told, float* scratch, double* means) {
  const BasicConvTask task = *told;
  int64_t height = task.height - 2, width = task.width - 2, row = (task.width - 1) * INNER;
  for (int64_t n = 0; n < count; ++n, images += task.height * task.width * task.channels, means += OUTER) {
    task.channels == 1 ? first_layer<1>(images, task, scratch) : first_layer<0>(images, task, scratch);
    for (int64_t o = 0; o < OUTER; ++o) means[o] = 0;
    constexpr int GROUPS = OUTER / (TOGETHER * LANES);
    int64_t y = 0;
    for (; y + 2 <= height; y += 2) {
      Vector totals[GROUPS][2][TOGETHER] = {};
      const float* maps = scratch + y * row;
      int64_t left = width / 2;
      for (; left >= PIXELS; left -= PIXELS, maps += 2 * PIXELS * INNER) tiled<PIXELS>(maps, row, task, totals);
      for (; left >= 2; left -= 2, maps += 4 * INNER) tiled<2>(maps, row, task, totals);
      for (; left > 0; --left, maps += 2 * INNER) tiled<1>(maps, row, task, totals);
      for (int64_t group = 0; group < GROUPS; ++group) {
        for (int64_t down = 0; down < 2; ++down) {
          int64_t o = group * TOGETHER * LANES;
          direct(maps + down * row, row, width % 2, task, o, totals[group][down]);
          add(totals[group][down], means + o);
        }
      }
    }
    // Tiles are two rows high: an odd height leaves one row.
    if (y < height) {
      for (int64_t o = 0; o < OUTER; o += TOGETHER * LANES) {
        Vector total[TOGETHER] = {};
        direct(scratch + y * row, row, width, task, o, total);
        add(total, means + o);
      }
    }
    for (int64_t o = 0; o < OUTER; ++o) means[o] /= static_cast<double>(height * width);
  }
}

}  // namespace

BasicConvKernels CURRICLE_JOIN(basic_conv_kernels_, CURRICLE_VARIANT)() { return {features}; }

}  // namespace curricle
