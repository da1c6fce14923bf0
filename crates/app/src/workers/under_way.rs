//! Conversations with channels under way in this process, so that one that ends waits for them.

use crate::App;
use crate::workers::rounds;
use std::sync::Arc;
use tokio::sync::watch::Sender;

/// How many there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<Sender<usize>>);

/// One of them, until dropped.
#[derive(Debug)]
pub(super) struct Conversing(UnderWay);

impl Drop for Conversing {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl UnderWay {
    pub(super) fn begin(&self) -> Conversing {
        self.0.send_modify(|count| *count = count.saturating_add(1));
        Conversing(self.clone())
    }

    async fn none(&self) {
        let mut counted = self.0.subscribe();
        // The sender lives as long as this.
        let _ = counted.wait_for(|count| *count == 0).await;
    }
}

impl App {
    /// Waits for the conversations under way to be answered and noted, as long as the limits allow, once nothing begins any
    /// more; how many were left. What is left somebody else takes over when its lease ends.
    pub async fn finish_conversations(&self) -> usize {
        let (under_way, wait) = (self.under_way(), rounds::duration(self.config().workers.stop_us));
        let _ = tokio::time::timeout(wait, under_way.none()).await;
        *under_way.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_under_way_once_the_last_is_dropped() {
        let under_way = UnderWay::default();
        under_way.none().await;
        let (one, two) = (under_way.begin(), under_way.begin());
        assert_eq!(*under_way.0.borrow(), 2);
        drop(one);
        let waits = tokio::spawn({
            let under_way = under_way.clone();
            async move { under_way.none().await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        drop(two);
        waits.await.unwrap();
    }
}
