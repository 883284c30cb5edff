// A convolution of a pass that nothing goes backward through, with what stands around it: the bias that a folded norm left, and
// behind it a ReLU or the addition of a shortcut, while the map is still in the processor's registers.

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/mkldnn_reorder_conv2d_weight.h>

#include <cstring>
#include <exception>
#include <optional>

namespace curricle {
namespace {

using at::Tensor;

// oneDNN's convolution with something behind it, which libtorch keeps for its compiler; none where it was built without.
std::optional<c10::OperatorHandle> operation(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchema({name, overload});
}

Tensor call(const c10::OperatorHandle& operation, torch::jit::Stack stack) {
  operation.callBoxed(stack);
  return stack.at(0).toTensor();
}

bool takes(const Tensor& x) { return x.scalar_type() == at::kFloat && at::globalContext().userEnabledMkldnn(); }

Tensor folded_conv(const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias, const std::optional<Tensor>& shortcut, bool relu,
                   int64_t stride, int64_t padding) {
  static const auto alone = operation("mkldnn::_convolution_pointwise", "");
  static const auto added = operation("mkldnn::_convolution_pointwise_", "binary");
  const auto& known = shortcut ? added : alone;
  if (known && takes(x)) {
    c10::IValue paddings(c10::List<int64_t>({padding, padding})), strides(c10::List<int64_t>({stride, stride}));
    c10::IValue dilations(c10::List<int64_t>({1, 1})), one(int64_t{1}), none;
    c10::List<std::optional<at::Scalar>> scalars;
    if (shortcut) {
      TORCH_CHECK(!relu, "a folded convolution is followed by a ReLU or by an addition");
      return call(*known, {*shortcut, x, weight, bias, paddings, strides, dilations, one, "add", at::Scalar(1.0), none, scalars, none});
    }
    return call(*known, {x, weight, bias, paddings, strides, dilations, one, relu ? "relu" : "none", scalars, none});
  }
  TORCH_CHECK(!weight.is_mkldnn(), "a packed convolution needs oneDNN");
  Tensor y = at::convolution(x, weight, bias, {stride, stride}, {padding, padding}, {1, 1}, false, {0, 0}, 1);
  if (shortcut) y.add_(*shortcut);
  return relu ? y.relu_() : y;
}

}  // namespace
}  // namespace curricle

extern "C" {

// Whether operations are recorded for a backward pass.
bool curricle_grad_enabled() { return at::GradMode::is_enabled(); }

// The weights of a convolution as oneDNN wants them for maps like `x`, once instead of in every call; as they are where it does
// not compute them. Returns null, or what went wrong, to be freed.
char* curricle_packed_weight(at::Tensor** packed, at::Tensor* weight, at::Tensor* x, int64_t stride, int64_t padding) {
  *packed = nullptr;
  try {
    bool takes = curricle::operation("mkldnn::_convolution_pointwise", "").has_value() && curricle::takes(*x);
    *packed = new at::Tensor(takes ? at::mkldnn_reorder_conv2d_weight(weight->contiguous().to_mkldnn(), {padding, padding}, {stride, stride}, {1, 1}, 1, x->sizes())
                                   : *weight);
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}

// A square convolution in channels-last memory; `bias` may be null. Behind it a ReLU, or the addition of `shortcut`, which may be
// null and is used up. Returns null, or what went wrong, to be freed.
char* curricle_folded_conv(at::Tensor** y, at::Tensor* x, at::Tensor* weight, at::Tensor* bias, at::Tensor* shortcut, bool relu,
                           int64_t stride, int64_t padding) {
  *y = nullptr;
  try {
    auto last = at::MemoryFormat::ChannelsLast;
    std::optional<at::Tensor> shift, other;
    if (bias) shift = *bias;
    if (shortcut) other = shortcut->contiguous(last);
    *y = new at::Tensor(curricle::folded_conv(x->contiguous(last), *weight, shift, other, relu, stride, padding));
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
}
