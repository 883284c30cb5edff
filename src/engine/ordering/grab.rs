//! GraB: an order that balances gradients (Lu, Guo, De Sa 2022), and its form on pairs of neighbours (Cooper et al. 2023).
//!
//! Within an epoch, s is the signed sum of what came before, 0 at its start. For the gradient of each item, less the mean
//! m of the epoch before (0 in the first), g = ∇L − m: if ⟨s, g⟩ < 0, the item goes to the next free place from the front
//! of the next epoch's order and s ← s + g, else to the next free place from the back and s ← s − g. On pairs, g is the
//! difference of two neighbours, no mean is needed, and the first of the two takes the place that the sign says, the
//! second the other.
//!
//! Memory: s, m and the mean of this epoch (3·θ; pairs: s and a gradient, 2·θ). No pass over images, and no wait for the
//! device: signs stay on it until the epoch is over.

use crate::error::{Error, Result};
use std::collections::HashMap;
use tch::{Kind, Tensor};

/// One epoch of balancing.
pub struct Grab {
    pairs: bool,
    sum: Tensor,
    mean: Tensor,
    total: Tensor,
    /// The first of a pair that waits for its second.
    waiting: Option<(u32, Tensor)>,
    /// Items in the order trained, and for each item (or pair) whether its sign was positive, on the device.
    items: Vec<u32>,
    signs: Vec<Tensor>,
    seen: u64,
}

impl Grab {
    /// For gradients like `theta`.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn new(theta: &Tensor, pairs: bool) -> Result<Self> {
        let zeros = || -> Result<Tensor> { Ok(theta.f_detach()?.f_zeros_like()?) };
        let few = || -> Result<Tensor> { Ok(Tensor::f_zeros([0], (theta.kind(), theta.device()))?) };
        let (mean, total) = if pairs { (few()?, few()?) } else { (zeros()?, zeros()?) };
        Ok(Self { pairs, sum: zeros()?, mean, total, waiting: None, items: Vec::new(), signs: Vec::new(), seen: 0 })
    }

    /// Takes note of the gradient that `item` had at its step.
    ///
    /// # Errors
    /// If the lengths differ.
    pub fn step(&mut self, item: u32, gradient: &Tensor) -> Result<()> {
        let _guard = tch::no_grad_guard();
        self.seen += 1;
        self.items.push(item);
        if self.pairs {
            return match self.waiting.take() {
                None => {
                    self.waiting = Some((item, gradient.f_detach()?.f_alias_copy()?));
                    Ok(())
                }
                Some((_, first)) => self.balance(&first.f_sub(gradient)?),
            };
        }
        self.total = self.total.f_add_(gradient)?;
        self.balance(&gradient.f_sub(&self.mean)?)
    }

    /// s ← s ± g, and the sign.
    fn balance(&mut self, g: &Tensor) -> Result<()> {
        let positive = self.sum.f_dot(g)?.f_lt(0.0)?;
        let sign = positive.f_to_kind(g.kind())?.f_mul_scalar(2.0)?.f_sub_scalar(1.0)?;
        self.sum = self.sum.f_add_(&g.f_mul(&sign)?)?;
        self.signs.push(positive);
        Ok(())
    }

    /// The order of the next epoch; begins that epoch.
    ///
    /// # Errors
    /// If the signs cannot be read.
    pub fn next_order(&mut self) -> Result<Vec<u32>> {
        let _guard = tch::no_grad_guard();
        let positive: Vec<bool> = match self.signs.is_empty() {
            true => Vec::new(),
            false => {
                Vec::<i64>::try_from(Tensor::f_stack(&self.signs, 0)?.f_to_kind(Kind::Int64)?)?.iter().map(|&sign| sign == 1).collect()
            }
        };
        let order = placed(&self.items, &positive, self.pairs);
        if !self.pairs && self.seen > 0 {
            self.mean = self.total.f_div_scalar(self.seen as f64)?;
            self.total = self.total.f_zeros_like()?;
        }
        self.sum = self.sum.f_zeros_like()?;
        self.waiting = None;
        self.items.clear();
        self.signs.clear();
        self.seen = 0;
        Ok(order)
    }

    /// Tensors from which the epoch goes on exactly, under their names.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn saved(&self) -> Result<Vec<(String, Tensor)>> {
        let _guard = tch::no_grad_guard();
        let mut saved = vec![("grab.sum".to_owned(), self.sum.shallow_clone())];
        if !self.pairs {
            saved.push(("grab.mean".to_owned(), self.mean.shallow_clone()));
            saved.push(("grab.total".to_owned(), self.total.shallow_clone()));
        }
        saved.extend(self.waiting.iter().map(|(_, gradient)| ("grab.waiting".to_owned(), gradient.shallow_clone())));
        let signs =
            if self.signs.is_empty() { Tensor::f_zeros([0], (Kind::Double, self.sum.device()))? } else { Tensor::f_stack(&self.signs, 0)? };
        saved.push(("grab.signs".to_owned(), signs.f_to_kind(Kind::Double)?));
        Ok(saved)
    }

    /// Goes on within an epoch whose order is `order`; the number of items that had their step.
    ///
    /// # Errors
    /// If what was saved does not hold together.
    pub fn restore(&mut self, order: &[u32], saved: &mut HashMap<String, Tensor>) -> Result<usize> {
        let damaged = || Error::Other("the state of the balanced order is damaged".into());
        let count = self.sum.numel();
        let mut vector = |name: &str| -> Result<Tensor> {
            let found = saved.remove(name).ok_or_else(damaged)?;
            if found.numel() == count { Ok(found) } else { Err(damaged()) }
        };
        self.sum = vector("grab.sum")?;
        if !self.pairs {
            self.mean = vector("grab.mean")?;
            self.total = vector("grab.total")?;
        }
        let waiting = vector("grab.waiting").ok();
        let signs = saved.remove("grab.signs").ok_or_else(damaged)?.f_gt(0.5)?;
        self.signs = (0..signs.numel() as i64).map(|place| Ok(signs.f_get(place)?)).collect::<Result<_>>()?;
        let done = self.signs.len() * if self.pairs { 2 } else { 1 } + usize::from(waiting.is_some());
        self.items = order.get(..done).ok_or_else(damaged)?.to_vec();
        self.seen = done as u64;
        self.waiting = waiting.zip(self.items.last()).map(|(gradient, &item)| (item, gradient));
        Ok(done)
    }
}

/// Items at the front, in order, and at the back, in reverse order, as the signs say. An item without a partner takes the
/// place that is left.
fn placed(items: &[u32], positive: &[bool], pairs: bool) -> Vec<u32> {
    let (mut front, mut back) = (Vec::with_capacity(items.len()), Vec::new());
    for (group, &positive) in items.chunks(if pairs { 2 } else { 1 }).zip(positive) {
        let (first, second) = if positive { (&mut front, &mut back) } else { (&mut back, &mut front) };
        first.push(group[0]);
        second.extend(group.get(1));
    }
    front.extend(items.iter().skip(positive.len() * if pairs { 2 } else { 1 }));
    front.extend(back.into_iter().rev());
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_item_has_one_place(signs in proptest::collection::vec(any::<bool>(), 0..30), pairs in any::<bool>(), lone in any::<bool>()) {
            let count = if pairs { 2 * signs.len() + usize::from(lone) } else { signs.len() };
            let items: Vec<u32> = (0..count as u32).map(|item| item * 3 + 1).collect();
            let mut order = placed(&items, &signs, pairs);
            order.sort_unstable();
            prop_assert_eq!(order, items);
        }
    }
}
