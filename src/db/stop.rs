//! The wish of a person that a job ends after its batch.

use tokio::sync::watch;

/// Says to all its clones that the job is to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Says so.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was said.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is said.
    pub async fn wait(&self) {
        // the sender is this value itself, so the channel does not close
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}
