//! Orders of a few batches as a prefix tree: what two orders begin with is trained once.
//!
//! Six batches have 720 orders of six steps, 4,320 one by one; in the tree they are 6 + 30 + 120 + 360 + 720 + 720 = 1,956.
//! A step is a function of the state before it, its batch and its place, so the results are the same to the bit.

use std::ops::Range;

/// One order: the batch at each place.
pub type Order = Vec<u8>;

/// Training steps of the tree for all orders of `count` batches: Σ over lengths of count!/(count − length)!.
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

/// Number of orders: count!, at most what fits.
#[must_use]
pub fn orders(count: u64) -> u64 {
    (1..=count).fold(1, u64::saturating_mul)
}

/// All orders of `count` batches, lexicographic.
#[must_use]
pub fn all(count: usize) -> Vec<Order> {
    (0..orders(count as u64)).map(|number| decode(number, count)).collect()
}

/// The order of that lexicographic number.
#[must_use]
pub fn decode(mut number: u64, count: usize) -> Order {
    let mut left: Vec<u8> = (0..count as u8).collect();
    let mut order = Order::with_capacity(count);
    for places in (0..count as u64).rev() {
        let after = orders(places);
        let at = (number / after) as usize % left.len();
        order.push(left.remove(at));
        number %= after;
    }
    order
}

/// The lexicographic number of an order.
#[must_use]
pub fn encode(order: &[u8]) -> u64 {
    let later = |place: usize| order[place + 1..].iter().filter(|&&other| other < order[place]).count() as u64;
    (0..order.len()).map(|place| later(place) * orders((order.len() - place - 1) as u64)).sum()
}

/// Training steps that sorted orders take when what they begin with is shared.
#[must_use]
pub fn shared_steps(sorted: &[Order]) -> u64 {
    let first = sorted.first().map_or(0, Vec::len) as u64;
    first + sorted.windows(2).map(|pair| (pair[1].len() - common(&pair[0], &pair[1])) as u64).sum::<u64>()
}

/// Places at the beginning that two orders share.
fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Runs of sorted orders that share their first `depth` places.
#[must_use]
pub fn groups(sorted: &[Order], depth: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for place in 0..sorted.len() {
        match found.last_mut() {
            Some(group) if sorted[group.start].get(..depth) == sorted[place].get(..depth) => group.end = place + 1,
            _ => found.push(place..place + 1),
        }
    }
    found
}

/// Walks through sorted orders of one length, from the state after their first `depth` places, which they share.
///
/// `step` makes the state after the last batch of a prefix from the state before it; `end` takes each whole order with its
/// place in the list and its state. At most as many states are alive at once as an order has places.
///
/// # Errors
/// The first of `step` and `end`.
pub fn walk<S, E>(
    sorted: &[Order],
    depth: usize,
    start: &S,
    step: &mut impl FnMut(&S, &[u8]) -> Result<S, E>,
    end: &mut impl FnMut(usize, &[u8], &S) -> Result<(), E>,
) -> Result<(), E> {
    let mut states: Vec<S> = Vec::new();
    for (place, order) in sorted.iter().enumerate() {
        let kept = if place == 0 { depth } else { common(&sorted[place - 1], order).max(depth) };
        states.truncate(kept - depth);
        for length in kept + 1..=order.len() {
            let next = step(states.last().unwrap_or(start), &order[..length])?;
            states.push(next);
        }
        end(place, order, states.last().unwrap_or(start))?;
    }
    Ok(())
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
        assert_eq!(shared_steps(&all(6)), 1956);
        assert_eq!(decode(0, 6), [0, 1, 2, 3, 4, 5]);
        assert_eq!(decode(719, 6), [5, 4, 3, 2, 1, 0]);
    }

    /// Walks and returns the steps done; every order must come with its own history.
    fn histories(sorted: &[Order], depth: usize) -> u64 {
        let mut done = 0;
        let start: Vec<u8> = sorted.first().map_or(Vec::new(), |order| order[..depth].to_vec());
        let mut seen = 0;
        let mut step = |state: &Vec<u8>, prefix: &[u8]| {
            done += 1;
            let mut next = state.clone();
            next.extend(prefix.last());
            assert_eq!(next, prefix);
            Ok::<_, Infallible>(next)
        };
        let mut end = |place: usize, order: &[u8], state: &Vec<u8>| {
            assert_eq!(place, seen);
            assert_eq!(state, order);
            seen += 1;
            Ok(())
        };
        let Ok(()) = walk(sorted, depth, &start, &mut step, &mut end);
        assert_eq!(seen, sorted.len());
        done
    }

    proptest! {
        #[test]
        fn all_orders_come_once_in_lexicographic_order_with_their_own_history(count in 0usize..7) {
            let orders = all(count);
            prop_assert!(orders.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(histories(&orders, 0), steps(count as u64));
            for (number, order) in orders.iter().enumerate() {
                prop_assert_eq!(encode(order), number as u64);
                prop_assert_eq!(&decode(number as u64, count), order);
            }
        }

        #[test]
        fn chosen_orders_share_what_they_can(numbers in proptest::collection::vec(0u64..120, 1..40), depth in 0usize..3) {
            let mut chosen: Vec<Order> = numbers.iter().map(|&number| decode(number, 5)).collect();
            chosen.sort();
            prop_assert_eq!(histories(&chosen, 0), shared_steps(&chosen));
            // Cut into groups, all steps are still done once.
            let groups = groups(&chosen, depth);
            prop_assert_eq!(groups.iter().map(ExactSizeIterator::len).sum::<usize>(), chosen.len());
            let before: Vec<Order> = groups.iter().map(|group| chosen[group.start][..depth].to_vec()).collect();
            let after: u64 = groups.iter().map(|group| histories(&chosen[group.clone()], depth)).sum();
            prop_assert_eq!(shared_steps(&before) + after, shared_steps(&chosen));
        }
    }
}
