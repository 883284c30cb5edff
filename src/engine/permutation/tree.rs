//! All orders of a few batches as a prefix tree: what two orders begin with is trained once.
//!
//! Six batches have 720 orders of six steps, 4,320 one by one; in the tree they are 6 + 30 + 120 + 360 + 720 + 720 = 1,956.
//! A step is a function of the state before it, its batch and its place, so the results are the same to the bit.

/// Training steps of the tree for `count` batches: Σ over lengths of count!/(count − length)!.
#[must_use]
pub fn steps(count: u64) -> u64 {
    let mut total = 0u64;
    let mut orders = 1u64;
    for left in (1..=count).rev() {
        orders = orders.saturating_mul(left);
        total = total.saturating_add(orders);
    }
    total
}

/// Number of orders: count!.
#[must_use]
pub fn orders(count: u64) -> u64 {
    (1..=count).fold(1, u64::saturating_mul)
}

/// Walks through all orders of `count` batches in lexicographic order.
///
/// `step` makes the state after training on a batch at a place from the state before; `end` takes each whole order with its
/// number and its state. At most `count` states are alive at once.
///
/// # Errors
/// The first of `step` and `end`.
pub fn walk<S, E>(
    count: usize,
    start: &S,
    step: &mut impl FnMut(&S, usize, usize) -> Result<S, E>,
    end: &mut impl FnMut(u64, &[usize], &S) -> Result<(), E>,
) -> Result<(), E> {
    let mut walker = Walker { count, order: Vec::with_capacity(count), used: vec![false; count], number: 0 };
    walker.go(start, step, end)
}

struct Walker {
    count: usize,
    order: Vec<usize>,
    used: Vec<bool>,
    number: u64,
}

impl Walker {
    fn go<S, E>(
        &mut self,
        state: &S,
        step: &mut impl FnMut(&S, usize, usize) -> Result<S, E>,
        end: &mut impl FnMut(u64, &[usize], &S) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.order.len() == self.count {
            end(self.number, &self.order, state)?;
            self.number += 1;
            return Ok(());
        }
        for batch in 0..self.count {
            if self.used[batch] {
                continue;
            }
            let next = step(state, self.order.len(), batch)?;
            self.used[batch] = true;
            self.order.push(batch);
            self.go(&next, step, end)?;
            self.order.pop();
            self.used[batch] = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    #[test]
    fn six_batches_take_1956_steps() {
        assert_eq!((steps(6), orders(6)), (1956, 720));
        assert_eq!((steps(0), orders(0), steps(1), orders(1)), (0, 1, 1, 1));
        assert_eq!(orders(40), u64::MAX);
    }

    proptest! {
        #[test]
        fn every_order_comes_once_in_lexicographic_order_with_its_own_history(count in 0usize..7) {
            let (mut steps_done, mut seen) = (0, Vec::new());
            let mut step = |state: &Vec<(usize, usize)>, place: usize, batch: usize| {
                steps_done += 1;
                let mut next = state.clone();
                next.push((place, batch));
                Ok::<_, Infallible>(next)
            };
            let mut end = |number: u64, order: &[usize], state: &Vec<(usize, usize)>| {
                assert_eq!(number as usize, seen.len());
                assert!(state.iter().copied().eq(order.iter().copied().enumerate()));
                seen.push(order.to_vec());
                Ok(())
            };
            let Ok(()) = walk(count, &Vec::new(), &mut step, &mut end);
            prop_assert_eq!(steps_done, steps(count as u64));
            prop_assert_eq!(seen.len() as u64, orders(count as u64));
            prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
