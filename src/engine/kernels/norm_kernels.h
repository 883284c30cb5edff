// The passes over memory of a batch norm, as plain functions on rows of channels. They are compiled once for each set of
// vector instructions (`norm_kernels.cpp`), and one set is chosen when the program runs.
//
// All tensors are [rows, channels], dense: images in channels-last memory. `Stored` is what lies in memory (f32, f64 or
// bf16 as its 16 bits), `Computed` what is computed in (f32 or f64). A call handles one block of rows; sums over a block
// are handed back in f64, so that their total depends neither on the number of threads nor on the length of the set.
#pragma once

#include <cstdint>

namespace curricle {

template <typename Computed>
struct Channels {
  // z = value * scale + offset
  const Computed* scale;
  const Computed* offset;
  const Computed* mean;
  // The gradient of a value is slope * dz + (value - mean) * tilt + level.
  const Computed* slope;
  const Computed* tilt;
  const Computed* level;
};

// How a pass treats its values.
struct Manner {
  // Whether what is below zero counts as zero.
  bool relu;
  // Whether every value that a bf16 network would store is rounded as bf16, though it is stored in f32.
  bool rounded;
};

template <typename Stored, typename Computed>
struct NormKernels {
  // sum = a + b (or a, rounded, where b is null), and the sums over rows of (sum - shift) and its square, per channel.
  // With neither b nor rounding nothing is written and `sum` may be null.
  void (*sums)(const Stored* a, const Stored* b, Stored* sum, int64_t rows, int64_t channels, const Computed* shift, double* first,
               double* second, Manner manner);
  // y = activation(x * scale + offset). `y` may be `x`.
  void (*apply)(const Stored* x, Stored* y, int64_t rows, int64_t channels, Channels<Computed> channel, Manner manner);
  // sum = a + b and y = activation(sum * scale + offset) in one pass; `sum` may be `a`.
  void (*sum_apply)(const Stored* a, const Stored* b, Stored* sum, Stored* y, int64_t rows, int64_t channels,
                    Channels<Computed> channel, Manner manner);
  // The sums over rows of dz and dz * (x - mean), per channel, where dz is dy behind the activation.
  void (*backward_sums)(const Stored* dy, const Stored* x, int64_t rows, int64_t channels, Channels<Computed> channel, double* first,
                        double* second, Manner manner);
  // dx = slope * dz + (x - mean) * tilt + level, plus `skip` where it is not null. `dx` may be `dy`.
  void (*backward_apply)(const Stored* dy, const Stored* x, const Stored* skip, Stored* dx, int64_t rows, int64_t channels,
                         Channels<Computed> channel, Manner manner);
  // Both at once, where the statistics are constants: dx = scale * dz, plus `skip`. `dx` may be `dy`.
  void (*backward_once)(const Stored* dy, const Stored* x, const Stored* skip, Stored* dx, int64_t rows, int64_t channels,
                        Channels<Computed> channel, double* first, double* second, Manner manner);
};

// One table for each kind of number.
struct NormTables {
  NormKernels<float, float> f32;
  NormKernels<double, double> f64;
  NormKernels<uint16_t, float> bf16;
  // The set of vector instructions that they were compiled for: `base`, `v3` or `v4`.
  const char* variant;
};

// For any processor, and for those with the vector instructions of x86-64-v3 and -v4.
NormTables norm_tables_base();
NormTables norm_tables_v3();
NormTables norm_tables_v4();

}  // namespace curricle
