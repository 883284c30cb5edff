// A convolution whose backward pass takes the gradient of the weights first: the gradient of the map, which is computed
// last, is then still in the cache when the norm before it reads it.

#include "conv_kernels.h"
#include "variant.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <vector>

namespace curricle {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const ConvKernels& kernels() {
#if defined(__x86_64__)
  static const ConvKernels table = chosen(conv_kernels_base, conv_kernels_v3, conv_kernels_v4);
#else
  static const ConvKernels table = conv_kernels_base();
#endif
  return table;
}

constexpr int64_t ROWS = 2048;

// Where oneDNN is slow: many pixels, few channels out, more of them in (seen: 64 → 16 at 32×32 in 9 ms, here in 2).
// The rows of both maps must be the same pixels: no stride and no padding.
bool is_thin(const Tensor& x, const Tensor& weight, int64_t stride, int64_t padding) {
  int64_t out = weight.size(0), inner = weight.size(1), pixels = x.size(2) * x.size(3);
  return x.scalar_type() == at::kFloat && weight.size(2) == 1 && weight.size(3) == 1 && stride == 1 && padding == 0 &&
         pixels >= 1024 && out <= 32 && out % 4 == 0 && inner % 16 == 0 && inner >= 2 * out;
}

Tensor thin_weight_gradient(const Tensor& dy, const Tensor& x, const Tensor& weight) {
  int64_t out = weight.size(0), inner = weight.size(1), rows = x.numel() / inner, blocks = (rows + ROWS - 1) / ROWS;
  std::vector<float> parts(blocks * out * inner, 0.0f);
  const float* gradient = dy.const_data_ptr<float>();
  const float* values = x.const_data_ptr<float>();
  at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t end) {
    for (int64_t block = first; block < end; ++block) {
      int64_t row = block * ROWS;
      kernels().outer_sums(gradient + row * out, values + row * inner, std::min(ROWS, rows - row), out, inner, &parts[block * out * inner]);
    }
  });
  Tensor sums = at::empty_like(weight);
  TORCH_INTERNAL_ASSERT(sums.is_non_overlapping_and_dense());
  float* total = sums.mutable_data_ptr<float>();
  for (int64_t place = 0; place < out * inner; ++place) {
    double sum = 0;
    for (int64_t block = 0; block < blocks; ++block) sum += parts[block * out * inner + place];
    total[place] = static_cast<float>(sum);
  }
  return sums;
}

struct Conv : torch::autograd::Function<Conv> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, int64_t stride, int64_t padding) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    return at::convolution(x, weight, {}, {stride, stride}, {padding, padding}, {1, 1}, false, {0, 0}, 1);
  }

  static variable_list backward(AutogradContext* context, variable_list& gradients) {
    variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    int64_t stride = context->saved_data["stride"].toInt(), padding = context->saved_data["padding"].toInt();
    Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    auto part = [&](bool of_x) {
      auto both = at::convolution_backward(dy, x, weight, c10::nullopt, {stride, stride}, {padding, padding}, {1, 1}, false, {0, 0}, 1,
                                           {of_x, !of_x, false});
      return of_x ? std::get<0>(both) : std::get<1>(both);
    };
    Tensor dweight, dx;
    if (context->needs_input_grad(1)) dweight = is_thin(x, weight, stride, padding) ? thin_weight_gradient(dy, x, weight) : part(false);
    if (context->needs_input_grad(0)) dx = part(true);
    return {dx, dweight, Tensor(), Tensor()};
  }
};

}  // namespace
}  // namespace curricle

extern "C" {

// The set of vector instructions of the convolutions' kernels, or null where `CURRICLE_VECTORS` names none that there is.
const char* curricle_conv_variant() {
  try {
    return curricle::kernels().variant;
  } catch (const std::exception&) {
    return nullptr;
  }
}

// A square convolution without bias, in channels-last memory. Returns null, or what went wrong, to be freed.
char* curricle_conv(at::Tensor** y, at::Tensor* x, at::Tensor* weight, int64_t stride, int64_t padding) {
  *y = nullptr;
  try {
    *y = new at::Tensor(curricle::Conv::apply(x->contiguous(at::MemoryFormat::ChannelsLast), *weight, stride, padding));
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
}
