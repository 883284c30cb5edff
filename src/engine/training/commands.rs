//! What commands and signals ask of a run at work.

use super::{End, Training};
use crate::error::Result;
use crate::recorder::wish;
use curricle_core::record::{self, What};
use curricle_core::run::State;
use std::time::{Duration, Instant};

impl Training<'_> {
    /// Whether something asks to end before the next step, even in the middle of an evaluation.
    #[must_use]
    pub fn must_end(&self) -> bool {
        self.recorder.must_end()
    }

    /// Does what commands and signals ask for. One atomic read where nothing does.
    pub(super) fn obey(&mut self) -> Result<Option<End>> {
        if self.clock.is_over() {
            self.save_state()?;
            return Ok(Some(End::Stopped("`training.until` was reached".into())));
        }
        loop {
            let wishes = self.recorder.wishes();
            if wishes == 0 {
                return Ok(None);
            }
            if let Some(end) = End::asked(&self.recorder) {
                let end = end?;
                self.save_state()?;
                return Ok(Some(end));
            }
            if wishes & wish::CHECKPOINT != 0 {
                self.recorder.clear(wish::CHECKPOINT);
                self.save_state()?;
                self.write_checkpoint(self.directory.last(), "asked")?;
            }
            if wishes & wish::PAUSE != 0 {
                self.wait_while_paused()?;
            }
        }
    }

    /// Keeps the process and the device, saves, and waits for another wish.
    fn wait_while_paused(&mut self) -> Result<()> {
        self.save_state()?;
        self.clock.waited += self.stand_still()?;
        Ok(())
    }

    /// Waits while a pause is wished and nothing else; how long that was.
    pub(super) fn stand_still(&self) -> Result<Duration> {
        let began = Instant::now();
        self.event(What::Paused(record::Paused { released: false }))?;
        self.stand(State::Paused)?;
        while self.recorder.wishes() == wish::PAUSE {
            // The recorder unparks at every new wish; the time-out only guards against one that came in between.
            std::thread::park_timeout(Duration::from_secs(1));
        }
        if self.recorder.wishes() & wish::PAUSE == 0 {
            self.stand(State::Training)?;
        }
        Ok(began.elapsed())
    }
}
