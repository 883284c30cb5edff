//! GraB in a run: the batches of the first epoch stay as they are, and from the second epoch on they come in the order that
//! balances the gradients of their own training steps ([`super::grab`]).

use super::context::{Chosen, Context};
use super::grab::Grab;
use crate::error::{Error, Result};
use crate::plan::{self, Plan};
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Hands out batches in a balanced order.
pub struct Balance {
    grab: Grab,
    batches: Vec<Vec<u32>>,
    /// Numbers of the batches in the order of the epoch being trained.
    order: Vec<u32>,
    /// Batches handed out of it.
    done: usize,
}

impl Balance {
    /// For gradients like `theta`; takes what a state kept out of `saved`.
    ///
    /// # Errors
    /// If memory does not suffice, or the state does not hold together.
    pub fn new(theta: &Tensor, pairs: bool, seed: u64, plan: &Plan, saved: &mut HashMap<String, Tensor>) -> Result<Self> {
        let first = plan::epoch_order(seed, 1, plan.images);
        let batches: Vec<Vec<u32>> = first.chunks(plan.batch).take(plan.steps_per_epoch as usize).map(<[u32]>::to_vec).collect();
        let mut balance = Self { grab: Grab::new(theta, pairs)?, order: (0..batches.len() as u32).collect(), batches, done: 0 };
        if let Some(order) = saved.remove("grab.order") {
            balance.order = numbers(&order)?;
            if balance.order.iter().any(|&batch| batch as usize >= balance.batches.len()) || balance.order.len() != balance.batches.len() {
                return Err(Error::Other("the state's balanced order is damaged".into()));
            }
            balance.done = balance.grab.restore(&balance.order, saved)?;
        }
        Ok(balance)
    }

    /// The batch of the next step.
    ///
    /// # Errors
    /// If the signs of the epoch before cannot be read.
    pub fn choose(&mut self, context: &Context) -> Result<Chosen> {
        let place = ((context.step - 1) % context.steps_per_epoch) as usize;
        if place == 0 && self.done > 0 {
            self.order = self.grab.next_order()?;
            self.done = 0;
        }
        let batch = self.order.get(place).and_then(|&batch| self.batches.get(batch as usize));
        let items = batch.cloned().ok_or_else(|| Error::Other(format!("no batch is left at step {}", context.step)))?;
        Ok(Chosen { items, ..Chosen::default() })
    }

    /// Takes the gradient of the batch handed out last.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn take_gradient(&mut self, gradient: &Tensor) -> Result<()> {
        if let Some(&batch) = self.order.get(self.done) {
            self.grab.step(batch, gradient)?;
            self.done += 1;
        }
        Ok(())
    }

    /// Tensors that a state must keep.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn saved(&self) -> Result<Vec<(String, Tensor)>> {
        let order: Vec<f64> = self.order.iter().map(|&batch| f64::from(batch)).collect();
        let mut saved = self.grab.saved()?;
        saved.push(("grab.order".to_owned(), Tensor::f_from_slice(&order)?));
        Ok(saved)
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<u32>> {
    let values = Vec::<f64>::try_from(tensor.f_to_kind(Kind::Double)?.f_to(Device::Cpu)?)?;
    Ok(values.into_iter().map(|value| value as u32).collect())
}
