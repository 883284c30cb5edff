//! Operations of `kernels/`, on the CPU: the addition before a batch norm, the norm and the ReLU behind it as one, a
//! convolution with its own backward pass, and one with what stands behind it where nothing goes backward.

use std::ffi::{CStr, c_char};
use tch::{Device, Kind, TchError, Tensor};
use torch_sys::C_tensor;

/// What a norm is told besides its tensors.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Share of a batch's statistics in the running ones.
    pub momentum: f64,
    /// Added to variances.
    pub eps: f64,
    /// Whether the statistics are the batch's, and the running ones move.
    pub training: bool,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Whether values are rounded as a bf16 network stores them, though they are stored in f32.
    pub rounded: bool,
    /// Whether nobody needs the sum afterwards: where nothing goes backward either, its memory is used again.
    pub alone: bool,
}

/// Scale, shift, running mean and running variance, each `[C]`, in f32 (f64 for maps in f64).
#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a> {
    /// γ.
    pub scale: &'a Tensor,
    /// β.
    pub shift: &'a Tensor,
    /// Running mean.
    pub mean: &'a Tensor,
    /// Running variance.
    pub variance: &'a Tensor,
}

unsafe extern "C" {
    fn curricle_sum_norm(
        sum: *mut *mut C_tensor,
        y: *mut *mut C_tensor,
        a: *const C_tensor,
        b: *const C_tensor,
        scale: *const C_tensor,
        shift: *const C_tensor,
        mean: *const C_tensor,
        variance: *const C_tensor,
        settings: *const Settings,
    ) -> *mut c_char;
    fn curricle_conv(y: *mut *mut C_tensor, x: *const C_tensor, weight: *const C_tensor, stride: i64, padding: i64) -> *mut c_char;
    fn curricle_folded_conv(
        y: *mut *mut C_tensor,
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        shortcut: *const C_tensor,
        relu: bool,
        stride: i64,
        padding: i64,
    ) -> *mut c_char;
    fn curricle_packed_weight(
        packed: *mut *mut C_tensor,
        weight: *const C_tensor,
        x: *const C_tensor,
        stride: i64,
        padding: i64,
    ) -> *mut c_char;
    fn curricle_grad_enabled() -> bool;
    fn curricle_norm_variant() -> *const c_char;
    fn curricle_conv_variant() -> *const c_char;
}

/// The sets of vector instructions that the kernels of norms and of convolutions were compiled for, as they say themselves:
/// `base`, `v3` or `v4`; nothing where `CURRICLE_VECTORS` names none that there is.
#[must_use]
pub fn variants() -> Option<[&'static str; 2]> {
    // SAFETY: both return a string literal of the C++ side, or null.
    let of = |name: *const c_char| (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default());
    // SAFETY: both only choose a table by the processor's features and the environment.
    unsafe { Some([of(curricle_norm_variant())?, of(curricle_conv_variant())?]) }
}

/// Whether [`sum_norm`] takes a map.
#[must_use]
pub fn takes(x: &Tensor) -> bool {
    x.device() == Device::Cpu && x.dim() == 4 && matches!(x.kind(), Kind::Float | Kind::Double | Kind::BFloat16)
}

/// (sum, activation(batch norm(sum))) of maps [B, C, H, W] with sum = a + b. `a` is used up.
///
/// # Errors
/// If shapes or kinds do not fit, or memory does not suffice.
pub fn sum_norm(a: &Tensor, b: Option<&Tensor>, numbers: Numbers, settings: Settings) -> Result<(Tensor, Tensor), TchError> {
    let (mut sum, mut y) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: all pointers are of live tensors, and what comes back is two new tensors or a string from malloc.
    unsafe {
        let wrong = curricle_sum_norm(
            &raw mut sum,
            &raw mut y,
            a.as_ptr(),
            b.map_or(std::ptr::null(), Tensor::as_ptr),
            numbers.scale.as_ptr(),
            numbers.shift.as_ptr(),
            numbers.mean.as_ptr(),
            numbers.variance.as_ptr(),
            &raw const settings,
        );
        said(wrong)?;
        Ok((Tensor::from_ptr(sum), Tensor::from_ptr(y)))
    }
}

/// A square convolution without bias of a map [B, C, H, W].
///
/// # Errors
/// If shapes or kinds do not fit, or memory does not suffice.
pub fn convolution(x: &Tensor, weight: &Tensor, stride: i64, padding: i64) -> Result<Tensor, TchError> {
    let mut y = std::ptr::null_mut();
    // SAFETY: as above.
    unsafe {
        said(curricle_conv(&raw mut y, x.as_ptr(), weight.as_ptr(), stride, padding))?;
        Ok(Tensor::from_ptr(y))
    }
}

/// Weights of a convolution as [`folded_convolution`] reads them fastest, for maps like `x`. Nothing else takes them.
///
/// # Errors
/// If shapes or kinds do not fit.
pub fn packed(weight: &Tensor, x: &Tensor, stride: i64, padding: i64) -> Result<Tensor, TchError> {
    let mut packed = std::ptr::null_mut();
    // SAFETY: as above.
    unsafe {
        said(curricle_packed_weight(&raw mut packed, weight.as_ptr(), x.as_ptr(), stride, padding))?;
        Ok(Tensor::from_ptr(packed))
    }
}

/// What stands behind a convolution of a pass that nothing goes backward through.
#[derive(Debug)]
pub enum Behind {
    /// Nothing.
    Nothing,
    /// A ReLU.
    Relu,
    /// The addition of a map, which is used up.
    Sum(Tensor),
}

/// A square convolution of a map [B, C, H, W] with what stands behind it, for passes that nothing goes backward through.
///
/// # Errors
/// If shapes or kinds do not fit, or memory does not suffice.
pub fn folded_convolution(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    behind: &Behind,
    stride: i64,
    padding: i64,
) -> Result<Tensor, TchError> {
    let mut y = std::ptr::null_mut();
    let (shortcut, relu) = match behind {
        Behind::Nothing => (std::ptr::null(), false),
        Behind::Relu => (std::ptr::null(), true),
        Behind::Sum(map) => (map.as_ptr(), false),
    };
    let bias = bias.map_or(std::ptr::null(), Tensor::as_ptr);
    // SAFETY: as above.
    unsafe {
        said(curricle_folded_conv(&raw mut y, x.as_ptr(), weight.as_ptr(), bias, shortcut, relu, stride, padding))?;
        Ok(Tensor::from_ptr(y))
    }
}

/// Whether operations are recorded for a backward pass.
#[must_use]
pub fn records() -> bool {
    // SAFETY: reads a flag of this thread.
    unsafe { curricle_grad_enabled() }
}

/// What a call has said: nothing, or what went wrong.
///
/// # Safety
/// `wrong` must be null or a string from malloc, which is freed.
unsafe fn said(wrong: *mut c_char) -> Result<(), TchError> {
    if wrong.is_null() {
        return Ok(());
    }
    // SAFETY: what the caller promises.
    unsafe {
        let text = CStr::from_ptr(wrong).to_string_lossy().into_owned();
        libc::free(wrong.cast());
        Err(TchError::Torch(text))
    }
}
