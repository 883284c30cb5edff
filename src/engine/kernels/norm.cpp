// Batch norm with the addition before it and the ReLU behind it, on the CPU: as few passes over memory as there can be.
//
// libtorch takes an addition, two passes for the statistics, one for the norm and one for the ReLU, and backward again
// as many; between them the maps of a batch, larger than any cache, travel through memory. Here the forward pass reads
// twice and writes once (and writes the sum once), and the backward pass reads each of its inputs twice and writes into
// the gradient that it was given.

#include "norm_kernels.h"
#include "variant.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace curricle {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const NormTables& tables() {
#if defined(__x86_64__)
  static const NormTables table = chosen(norm_tables_base, norm_tables_v3, norm_tables_v4);
#else
  static const NormTables table = norm_tables_base();
#endif
  return table;
}

// Values of one block: two of them fit the cache of a core, and their sum in f32 is short.
constexpr int64_t BLOCK = 1 << 15;

// How a map [B, C, H, W] is cut.
struct Cut {
  int64_t rows, channels, block, blocks;

  explicit Cut(const Tensor& x) {
    channels = x.size(1);
    rows = channels == 0 ? 0 : x.numel() / channels;
    block = std::max<int64_t>(64, BLOCK / std::max<int64_t>(channels, 1) / 64 * 64);
    blocks = (rows + block - 1) / block;
  }

  // Work on every block, from the first on or from the last: whoever begins where the pass before has ended finds a part
  // of the map in the cache.
  template <typename Work>
  void each(bool backwards, Work work) const {
    at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t end) {
      for (int64_t place = first; place < end; ++place) {
        int64_t number = backwards ? first + end - 1 - place : place;
        int64_t row = number * block;
        work(number, row * channels, std::min(block, rows - row));
      }
    });
  }
};

template <typename Computed>
constexpr at::ScalarType kind_of() {
  return std::is_same_v<Computed, double> ? at::kDouble : at::kFloat;
}

// Rows that say where the values of a channel lie.
constexpr int64_t SAMPLES = 16;

// What sums are taken around, so that values far from zero with a small spread keep their variance: for each channel the
// median of some rows spread over the batch. A row far from the others, which a mean would follow, is of no weight.
template <typename Stored, typename Computed>
std::vector<Computed> centre_of(const NormKernels<Stored, Computed>& kernels, const Stored* a, const Stored* b, const Cut& cut, Manner manner) {
  int64_t channels = cut.channels, count = std::min(SAMPLES, cut.rows), places = count * channels;
  std::vector<Stored> first(places), second(b ? places : 0);
  for (int64_t sample = 0; sample < count; ++sample) {
    // The middle of each of `count` parts of the batch.
    int64_t row = (2 * sample + 1) * cut.rows / (2 * count);
    std::copy_n(a + row * channels, channels, first.begin() + sample * channels);
    if (b) std::copy_n(b + row * channels, channels, second.begin() + sample * channels);
  }
  // As one row, the sums are the values themselves, added and rounded as they will be.
  std::vector<double> values(places), squares(places);
  std::vector<Computed> zero(places, Computed(0));
  kernels.sums(first.data(), b ? second.data() : nullptr, first.data(), 1, places, zero.data(), values.data(), squares.data(), manner);
  std::vector<Computed> centre(channels);
  std::vector<double> of_channel(count);
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t sample = 0; sample < count; ++sample) {
      // What is not finite has no order, and makes the statistics so in any case.
      double value = values[sample * channels + c];
      of_channel[sample] = std::isfinite(value) ? value : 0.0;
    }
    std::nth_element(of_channel.begin(), of_channel.begin() + count / 2, of_channel.end());
    centre[c] = static_cast<Computed>(of_channel[count / 2]);
  }
  return centre;
}

// What the backward pass needs of each channel: [scale, offset, mean, 1/deviation].
enum Row { SCALE, OFFSET, MEAN, INVERSE, ROWS };

template <typename Stored>
Stored* data(const Tensor& tensor) {
  return static_cast<Stored*>(tensor.data_ptr());
}

template <typename Stored>
const Stored* read(const Tensor& tensor) {
  return static_cast<const Stored*>(tensor.const_data_ptr());
}

// Adds the blocks' sums, in their order.
std::vector<double> total(const std::vector<double>& parts, int64_t channels, int64_t blocks) {
  std::vector<double> sums(channels, 0.0);
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t channel = 0; channel < channels; ++channel) sums[channel] += parts[block * channels + channel];
  }
  return sums;
}

struct Settings {
  bool training;
  double momentum, eps;
  Manner manner;
  // Nothing goes backward: what is no longer needed may be written over.
  bool consume;
};

// Fills `channel` [ROWS, C] from statistics.
template <typename Computed>
void prepare(Tensor& channel, const Tensor& gamma, const Tensor& beta, int64_t channels, double eps, const double* mean, const double* variance) {
  Computed* rows = data<Computed>(channel);
  const Computed* weight = read<Computed>(gamma);
  const Computed* bias = read<Computed>(beta);
  for (int64_t c = 0; c < channels; ++c) {
    double inverse = 1.0 / std::sqrt(variance[c] + eps);
    double scale = weight[c] * inverse;
    rows[SCALE * channels + c] = static_cast<Computed>(scale);
    rows[OFFSET * channels + c] = static_cast<Computed>(bias[c] - mean[c] * scale);
    rows[MEAN * channels + c] = static_cast<Computed>(mean[c]);
    rows[INVERSE * channels + c] = static_cast<Computed>(inverse);
  }
}

template <typename Computed>
Channels<Computed> forward_channels(const Tensor& channel, int64_t channels) {
  const Computed* rows = read<Computed>(channel);
  return {rows + SCALE * channels, rows + OFFSET * channels, rows + MEAN * channels, nullptr, nullptr, nullptr};
}

template <typename Stored, typename Computed>
void forward_in(const NormKernels<Stored, Computed>& kernels, const Tensor& a, const Tensor& b, Tensor& y, Tensor& channel, const Tensor& gamma,
                const Tensor& beta, const Tensor& running_mean, const Tensor& running_variance, const Settings& settings) {
  Cut cut(a);
  int64_t channels = cut.channels;
  Stored* sum = data<Stored>(a);
  const Stored* other = b.defined() ? read<Stored>(b) : nullptr;
  Computed* kept_mean = data<Computed>(running_mean);
  Computed* kept_variance = data<Computed>(running_variance);
  std::vector<double> mean(kept_mean, kept_mean + channels), variance(kept_variance, kept_variance + channels);
  if (settings.training) {
    TORCH_CHECK(cut.rows > 1, "a batch norm needs more than one value per channel to train");
    std::vector<double> once(cut.blocks * channels), twice(cut.blocks * channels);
    std::vector<Computed> shift = centre_of<Stored, Computed>(kernels, sum, other, cut, settings.manner);
    cut.each(true, [&](int64_t number, int64_t start, int64_t rows) {
      kernels.sums(sum + start, other ? other + start : nullptr, sum + start, rows, channels, shift.data(), &once[number * channels],
                   &twice[number * channels], settings.manner);
    });
    once = total(once, channels, cut.blocks);
    twice = total(twice, channels, cut.blocks);
    double count = static_cast<double>(cut.rows);
    for (int64_t c = 0; c < channels; ++c) {
      double centre = once[c] / count;
      mean[c] = shift[c] + centre;
      double spread = twice[c] / count - centre * centre;
      // Below zero by rounding alone; what is not a number stays so.
      variance[c] = spread < 0 ? 0.0 : spread;
      kept_mean[c] = static_cast<Computed>((1 - settings.momentum) * kept_mean[c] + settings.momentum * mean[c]);
      double unbiased = variance[c] * count / (count - 1);
      kept_variance[c] = static_cast<Computed>((1 - settings.momentum) * kept_variance[c] + settings.momentum * unbiased);
    }
    other = nullptr;
  }
  if (!settings.training && settings.manner.rounded && !other) {
    // The map itself is read again by others, as a bf16 network would have stored it.
    std::vector<Computed> shift(channels, Computed(0));
    std::vector<double> once(cut.blocks * channels), twice(cut.blocks * channels);
    cut.each(true, [&](int64_t number, int64_t start, int64_t rows) {
      kernels.sums(sum + start, nullptr, sum + start, rows, channels, shift.data(), &once[number * channels], &twice[number * channels],
                   settings.manner);
    });
  }
  prepare<Computed>(channel, gamma, beta, channels, settings.eps, mean.data(), variance.data());
  Channels<Computed> of = forward_channels<Computed>(channel, channels);
  Stored* out = data<Stored>(y);
  cut.each(false, [&](int64_t, int64_t start, int64_t rows) {
    if (other) {
      kernels.sum_apply(sum + start, other + start, sum + start, out + start, rows, channels, of, settings.manner);
    } else {
      kernels.apply(sum + start, out + start, rows, channels, of, settings.manner);
    }
  });
}

template <typename Stored, typename Computed>
void backward_in(const NormKernels<Stored, Computed>& kernels, const Tensor& dy, const Tensor& x, const Tensor& skip, Tensor& dx,
                 const Tensor& channel, Tensor& dgamma, Tensor& dbeta, bool training, bool weights, Manner manner) {
  Cut cut(x);
  int64_t channels = cut.channels;
  Channels<Computed> of = forward_channels<Computed>(channel, channels);
  const Computed* inverse = read<Computed>(channel) + INVERSE * channels;
  const Stored* gradient = read<Stored>(dy);
  const Stored* values = read<Stored>(x);
  Stored* out = data<Stored>(dx);
  const Stored* beside = skip.defined() ? read<Stored>(skip) : nullptr;
  std::vector<Computed> tilt(channels, Computed(0)), level(channels, Computed(0));
  if (training || weights) {
    std::vector<double> once(cut.blocks * channels), twice(cut.blocks * channels);
    cut.each(true, [&](int64_t number, int64_t start, int64_t rows) {
      double *first = &once[number * channels], *second = &twice[number * channels];
      if (training) {
        kernels.backward_sums(gradient + start, values + start, rows, channels, of, first, second, manner);
      } else {
        kernels.backward_once(gradient + start, values + start, beside ? beside + start : nullptr, out + start, rows, channels, of, first,
                              second, manner);
      }
    });
    once = total(once, channels, cut.blocks);
    twice = total(twice, channels, cut.blocks);
    double count = static_cast<double>(cut.rows);
    for (int64_t c = 0; c < channels; ++c) {
      double one = inverse[c], scale = of.scale[c];
      if (weights) {
        data<Computed>(dgamma)[c] = static_cast<Computed>(twice[c] * one);
        data<Computed>(dbeta)[c] = static_cast<Computed>(once[c]);
      }
      if (training) {
        tilt[c] = static_cast<Computed>(-scale * one * one * twice[c] / count);
        level[c] = static_cast<Computed>(-scale * once[c] / count);
      }
    }
  }
  if (!training && weights) return;
  of.slope = of.scale;
  of.tilt = tilt.data();
  of.level = level.data();
  cut.each(false, [&](int64_t, int64_t start, int64_t rows) {
    kernels.backward_apply(gradient + start, values + start, beside ? beside + start : nullptr, out + start, rows, channels, of, manner);
  });
}

// Calls `work` with the kernels for a kind of number.
template <typename Work>
void with_kernels(at::ScalarType kind, Work work) {
  switch (kind) {
    case at::kFloat: return work(tables().f32);
    case at::kDouble: return work(tables().f64);
    case at::kBFloat16: return work(tables().bf16);
    default: TORCH_CHECK(false, "the fused batch norm knows f32, f64 and bf16, not ", kind);
  }
}

at::ScalarType computed_kind(at::ScalarType stored) { return stored == at::kDouble ? at::kDouble : at::kFloat; }

// y, and what the backward pass needs in `channel`. `a` takes the sum.
Tensor forward_of(const Tensor& a, const Tensor& b, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                  const Tensor& running_variance, const Settings& settings, Tensor& channel) {
  at::ScalarType computed = computed_kind(a.scalar_type());
  for (const Tensor* numbers : {&gamma, &beta, &running_mean, &running_variance}) {
    TORCH_CHECK(numbers->scalar_type() == computed && numbers->numel() == a.size(1) && numbers->is_contiguous(),
                "the fused batch norm takes one dense ", computed, " for each of ", a.size(1), " channels");
  }
  TORCH_CHECK(!b.defined() || (b.sizes() == a.sizes() && b.scalar_type() == a.scalar_type()),
              "the fused batch norm adds maps of one shape and kind");
  Tensor y = settings.consume && !b.defined() ? a : at::empty_like(a);
  channel = at::empty({ROWS, a.size(1)}, gamma.options());
  with_kernels(a.scalar_type(), [&](const auto& kernels) {
    forward_in(kernels, a, b, y, channel, gamma, beta, running_mean, running_variance, settings);
  });
  return y;
}

struct SumNorm : torch::autograd::Function<SumNorm> {
  // (sum, y) where something is added or rounded, else (y).
  static variable_list forward(AutogradContext* context, const Tensor& a, const std::optional<Tensor>& b, const Tensor& gamma,
                               const Tensor& beta, const Tensor& running_mean, const Tensor& running_variance, const Settings& settings) {
    bool changed = b.has_value() || settings.manner.rounded;
    Tensor channel;
    Tensor y = forward_of(a, b.value_or(Tensor()), gamma, beta, running_mean, running_variance, settings, channel);
    if (changed) context->mark_dirty({a});
    context->save_for_backward({a, channel});
    context->saved_data["added"] = b.has_value();
    context->saved_data["training"] = settings.training;
    context->saved_data["relu"] = settings.manner.relu;
    context->saved_data["rounded"] = settings.manner.rounded;
    context->set_materialize_grads(false);
    return changed ? variable_list{a, y} : variable_list{y};
  }

  static variable_list backward(AutogradContext* context, variable_list& gradients) {
    variable_list saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    Tensor dy = std::move(gradients.back());
    gradients.pop_back();
    Tensor skip = gradients.empty() ? Tensor() : std::move(gradients[0]);
    bool added = context->saved_data["added"].toBool();
    if (!dy.defined()) return {skip, added ? skip : Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    Tensor given = dy.contiguous(at::MemoryFormat::ChannelsLast);
    dy.reset();
    if (skip.defined()) skip = skip.contiguous(at::MemoryFormat::ChannelsLast);
    // Nobody else holds the gradient: it is written over, which spares memory the reading of what is written to.
    bool alone = given.use_count() == 1 && given.storage().use_count() == 1;
    Tensor dx = alone ? given : at::empty_like(x);
    // Edges are counted without what is no tensor.
    bool weights = context->needs_input_grad(added ? 2 : 1) || context->needs_input_grad(added ? 3 : 2);
    Tensor dgamma, dbeta;
    if (weights) {
      dgamma = at::empty({x.size(1)}, saved[1].options());
      dbeta = at::empty({x.size(1)}, saved[1].options());
    }
    Manner manner{context->saved_data["relu"].toBool(), context->saved_data["rounded"].toBool()};
    with_kernels(x.scalar_type(), [&](const auto& kernels) {
      backward_in(kernels, given, x, skip, dx, saved[1], dgamma, dbeta, context->saved_data["training"].toBool(), weights, manner);
    });
    return {dx, added ? dx : Tensor(), dgamma, dbeta, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace
}  // namespace curricle

extern "C" {

// The set of vector instructions of the norms' kernels, or null where `CURRICLE_VECTORS` names none that there is.
const char* curricle_norm_variant() {
  try {
    return curricle::tables().variant;
  } catch (const std::exception&) {
    return nullptr;
  }
}

// What a call of `curricle_sum_norm` is told besides its tensors.
struct CurricleNormSettings {
  double momentum, eps;
  bool training, relu, rounded, consume;
};

// y = activation(batch_norm(sum)), sum = a + b; b may be null. `a` is used up. Returns null, or what went wrong, to be freed.
char* curricle_sum_norm(at::Tensor** sum, at::Tensor** y, at::Tensor* a, at::Tensor* b, at::Tensor* gamma, at::Tensor* beta,
                        at::Tensor* running_mean, at::Tensor* running_variance, const CurricleNormSettings* given) {
  *sum = nullptr;
  *y = nullptr;
  try {
    bool graph = at::GradMode::is_enabled();
    curricle::Settings settings{given->training, given->momentum, given->eps, {given->relu, given->rounded}, given->consume && !graph};
    auto last = at::MemoryFormat::ChannelsLast;
    at::Tensor first = a->contiguous(last), other = b ? b->contiguous(last) : at::Tensor();
    if (graph) {
      std::optional<at::Tensor> added = b ? std::optional<at::Tensor>(other) : std::nullopt;
      auto out = curricle::SumNorm::apply(first, added, *gamma, *beta, *running_mean, *running_variance, settings);
      *sum = new at::Tensor(out.size() == 2 ? out[0] : first);
      *y = new at::Tensor(out.back());
    } else {
      at::Tensor channel;
      *y = new at::Tensor(curricle::forward_of(first, other, *gamma, *beta, *running_mean, *running_variance, settings, channel));
      *sum = new at::Tensor(first);
    }
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
}
