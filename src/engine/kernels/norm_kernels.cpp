// See norm_kernels.h. This file includes nothing of libtorch: inline functions of its headers, compiled here for vector
// instructions that a processor may not have, could otherwise be taken by the linker for the whole program.

#include "norm_kernels.h"

#include <cstring>
#include <type_traits>
#include <vector>

#ifndef CURRICLE_VARIANT
#define CURRICLE_VARIANT base
#endif
#define CURRICLE_JOIN_(a, b) a##b
#define CURRICLE_JOIN(a, b) CURRICLE_JOIN_(a, b)
#define CURRICLE_TEXT_(a) #a
#define CURRICLE_TEXT(a) CURRICLE_TEXT_(a)

namespace curricle {
namespace {

inline uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// To the nearest bf16, ties to even; what is not a number stays so.
inline uint16_t bf16_of(float value) {
  uint32_t bits = bits_of(value);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
}

inline float load(float value) { return value; }
inline double load(double value) { return value; }
inline float load(uint16_t value) { return float_of(static_cast<uint32_t>(value) << 16); }

template <typename Stored>
inline Stored store(float value);
template <>
inline float store<float>(float value) {
  return value;
}
template <>
inline uint16_t store<uint16_t>(float value) {
  return bf16_of(value);
}
template <typename Stored>
inline Stored store(double value) {
  return value;
}

// Asks for what a pass will read some steps later: what a processor foresees by itself ends with the page.
template <typename Stored>
inline void foresee(const Stored* values, int64_t width) {
  constexpr int64_t line = 64 / sizeof(Stored), ahead = 4096 / sizeof(Stored);
  for (int64_t place = 0; place < width; place += line) __builtin_prefetch(values + ahead + place);
}

// The value as a bf16 network would have stored it.
template <bool rounded, typename Computed>
inline Computed seen(Computed value) {
  if constexpr (rounded) {
    return static_cast<Computed>(float_of(static_cast<uint32_t>(bf16_of(static_cast<float>(value))) << 16));
  } else {
    return value;
  }
}

// Calls `work` with the manner as two constants of the compiler.
template <typename Work>
inline void with_manner(Manner manner, Work work) {
  using std::bool_constant;
  if (manner.relu) {
    manner.rounded ? work(bool_constant<true>(), bool_constant<true>()) : work(bool_constant<true>(), bool_constant<false>());
  } else {
    manner.rounded ? work(bool_constant<false>(), bool_constant<true>()) : work(bool_constant<false>(), bool_constant<false>());
  }
}

// Rows of few channels are taken several at a time, so that the sums of a row do not wait for those of the row before.
constexpr int64_t WIDE = 64;

inline int64_t rows_together(int64_t rows, int64_t channels) {
  int64_t together = channels >= WIDE ? 1 : WIDE / channels;
  while (together > 1 && rows % together != 0) --together;
  return together;
}

template <typename Computed>
std::vector<Computed> repeated(const Computed* values, int64_t channels, int64_t times) {
  std::vector<Computed> all;
  all.reserve(channels * times);
  for (int64_t time = 0; time < times; ++time) all.insert(all.end(), values, values + channels);
  return all;
}

template <typename Computed>
void fold(const std::vector<Computed>& sums, int64_t channels, double* out) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    double total = 0;
    for (int64_t place = channel; place < static_cast<int64_t>(sums.size()); place += channels) total += sums[place];
    out[channel] = total;
  }
}

// Numbers of all channels, for so many rows together.
template <typename Computed>
struct Widened {
  std::vector<Computed> scale, offset, mean, slope, tilt, level;

  Widened(const Channels<Computed>& channel, int64_t channels, int64_t times) {
    auto widen = [&](const Computed* values) { return values ? repeated(values, channels, times) : std::vector<Computed>(); };
    scale = widen(channel.scale);
    offset = widen(channel.offset);
    mean = widen(channel.mean);
    slope = widen(channel.slope);
    tilt = widen(channel.tilt);
    level = widen(channel.level);
  }
};

template <typename Stored, typename Computed, bool both, bool rounded>
void sums_of(const Stored* __restrict a, const Stored* __restrict b, Stored* sum, int64_t rows, int64_t channels, const Computed* shift,
             double* first, double* second) {
  int64_t together = rows_together(rows, channels), width = channels * together;
  std::vector<Computed> from = repeated(shift, channels, together), one(width), two(width);
  const Computed* __restrict base = from.data();
  Computed* __restrict once = one.data();
  Computed* __restrict twice = two.data();
  for (int64_t row = 0; row < rows / together; ++row) {
    int64_t start = row * width;
    foresee(a + start, width);
    if constexpr (both) foresee(b + start, width);
#pragma GCC ivdep
    for (int64_t place = 0; place < width; ++place) {
      Computed value = seen<rounded, Computed>(load(a[start + place]));
      if constexpr (both) value = seen<rounded, Computed>(value + seen<rounded, Computed>(load(b[start + place])));
      if constexpr (both || rounded) {
        Stored kept = store<Stored>(value);
        sum[start + place] = kept;
        value = load(kept);
      }
      Computed centred = value - base[place];
      once[place] += centred;
      twice[place] += centred * centred;
    }
  }
  fold(one, channels, first);
  fold(two, channels, second);
}

template <typename Stored, typename Computed>
void sums(const Stored* a, const Stored* b, Stored* sum, int64_t rows, int64_t channels, const Computed* shift, double* first,
          double* second, Manner manner) {
  with_manner(manner, [&](auto, auto rounded) {
    (b ? sums_of<Stored, Computed, true, rounded> : sums_of<Stored, Computed, false, rounded>)(a, b, sum, rows, channels, shift, first, second);
  });
}

template <typename Stored, typename Computed, bool both, bool relu, bool rounded>
void apply_of(const Stored* a, const Stored* b, Stored* sum, Stored* y, int64_t rows, int64_t channels, const Channels<Computed>& channel) {
  int64_t together = rows_together(rows, channels), width = channels * together;
  Widened<Computed> wide(channel, channels, together);
  const Computed* __restrict scale = wide.scale.data();
  const Computed* __restrict offset = wide.offset.data();
  for (int64_t row = 0; row < rows / together; ++row) {
    int64_t start = row * width;
    foresee(a + start, width);
#pragma GCC ivdep
    for (int64_t place = 0; place < width; ++place) {
      Computed value = seen<rounded, Computed>(load(a[start + place]));
      if constexpr (both) {
        Stored kept = store<Stored>(seen<rounded, Computed>(value + seen<rounded, Computed>(load(b[start + place]))));
        sum[start + place] = kept;
        value = load(kept);
      }
      Computed z = value * scale[place] + offset[place];
      // What is not a number passes, as it does in libtorch.
      if constexpr (relu) z = z < 0 ? Computed(0) : z;
      y[start + place] = store<Stored>(seen<rounded, Computed>(z));
    }
  }
}

template <typename Stored, typename Computed>
void apply(const Stored* x, Stored* y, int64_t rows, int64_t channels, Channels<Computed> channel, Manner manner) {
  with_manner(manner, [&](auto relu, auto rounded) {
    apply_of<Stored, Computed, false, relu, rounded>(x, nullptr, nullptr, y, rows, channels, channel);
  });
}

template <typename Stored, typename Computed>
void sum_apply(const Stored* a, const Stored* b, Stored* sum, Stored* y, int64_t rows, int64_t channels, Channels<Computed> channel,
               Manner manner) {
  with_manner(manner, [&](auto relu, auto rounded) {
    apply_of<Stored, Computed, true, relu, rounded>(a, b, sum, y, rows, channels, channel);
  });
}

// dz: dy, as a bf16 network would have handed it back, where the activation let the value through.
template <bool relu, bool rounded, typename Computed>
inline Computed behind(Computed dy, Computed value, Computed scale, Computed offset) {
  dy = seen<rounded, Computed>(dy);
  if constexpr (relu) {
    Computed z = value * scale + offset;
    return z <= 0 ? Computed(0) : dy;
  } else {
    return dy;
  }
}

// What a pass backward gives: the sums that the gradients of the batch's statistics wait for, then the gradient of the map; or both
// at once where the statistics are constants, and a value's gradient waits for no sum.
enum class Part { SUMS, MAP, BOTH };

template <typename Stored, typename Computed, Part part, bool skipped, bool relu, bool rounded>
void backward_of(const Stored* dy, const Stored* x, const Stored* skip, Stored* dx, int64_t rows, int64_t channels,
                 const Channels<Computed>& channel, double* first, double* second) {
  constexpr bool summed = part != Part::MAP, mapped = part != Part::SUMS;
  int64_t together = rows_together(rows, channels), width = channels * together;
  Widened<Computed> wide(channel, channels, together);
  const Computed* __restrict scale = wide.scale.data();
  const Computed* __restrict offset = wide.offset.data();
  const Computed* __restrict mean = wide.mean.data();
  const Computed* __restrict slope = wide.slope.data();
  const Computed* __restrict tilt = wide.tilt.data();
  const Computed* __restrict level = wide.level.data();
  std::vector<Computed> one(summed ? width : 0), two(summed ? width : 0);
  Computed* __restrict once = one.data();
  Computed* __restrict twice = two.data();
  for (int64_t row = 0; row < rows / together; ++row) {
    int64_t start = row * width;
    foresee(dy + start, width);
    foresee(x + start, width);
    if constexpr (skipped) foresee(skip + start, width);
#pragma GCC ivdep
    for (int64_t place = 0; place < width; ++place) {
      Computed value = load(x[start + place]);
      Computed dz = behind<relu, rounded, Computed>(load(dy[start + place]), value, scale[place], offset[place]);
      if constexpr (summed) {
        once[place] += dz;
        twice[place] += dz * (value - mean[place]);
      }
      if constexpr (mapped) {
        // The zero keeps the sign of nothing as the two passes have it.
        Computed gradient = summed ? dz * scale[place] + Computed(0) : dz * slope[place] + ((value - mean[place]) * tilt[place] + level[place]);
        if constexpr (skipped) gradient = seen<rounded, Computed>(gradient) + static_cast<Computed>(load(skip[start + place]));
        dx[start + place] = store<Stored>(seen<rounded, Computed>(gradient));
      }
    }
  }
  if constexpr (summed) {
    fold(one, channels, first);
    fold(two, channels, second);
  }
}

template <typename Stored, typename Computed>
void backward_sums(const Stored* dy, const Stored* x, int64_t rows, int64_t channels, Channels<Computed> channel, double* first,
                   double* second, Manner manner) {
  with_manner(manner, [&](auto relu, auto rounded) {
    backward_of<Stored, Computed, Part::SUMS, false, relu, rounded>(dy, x, nullptr, nullptr, rows, channels, channel, first, second);
  });
}

template <typename Stored, typename Computed>
void backward_apply(const Stored* dy, const Stored* x, const Stored* skip, Stored* dx, int64_t rows, int64_t channels,
                    Channels<Computed> channel, Manner manner) {
  with_manner(manner, [&](auto relu, auto rounded) {
    auto pass = skip ? backward_of<Stored, Computed, Part::MAP, true, relu, rounded> : backward_of<Stored, Computed, Part::MAP, false, relu, rounded>;
    pass(dy, x, skip, dx, rows, channels, channel, nullptr, nullptr);
  });
}

template <typename Stored, typename Computed>
void backward_once(const Stored* dy, const Stored* x, const Stored* skip, Stored* dx, int64_t rows, int64_t channels,
                   Channels<Computed> channel, double* first, double* second, Manner manner) {
  with_manner(manner, [&](auto relu, auto rounded) {
    auto pass = skip ? backward_of<Stored, Computed, Part::BOTH, true, relu, rounded> : backward_of<Stored, Computed, Part::BOTH, false, relu, rounded>;
    pass(dy, x, skip, dx, rows, channels, channel, first, second);
  });
}

template <typename Stored, typename Computed>
NormKernels<Stored, Computed> kernels() {
  return {sums<Stored, Computed>, apply<Stored, Computed>, sum_apply<Stored, Computed>, backward_sums<Stored, Computed>,
          backward_apply<Stored, Computed>, backward_once<Stored, Computed>};
}

}  // namespace

NormTables CURRICLE_JOIN(norm_tables_, CURRICLE_VARIANT)() {
  return {kernels<float, float>(), kernels<double, double>(), kernels<uint16_t, float>(), CURRICLE_TEXT(CURRICLE_VARIANT)};
}

}  // namespace curricle
