//! A connection that gives up on a peer who asks and does not read the answers.

use hyper::rt::{Read, ReadBufCursor, Write};
use std::future::Future as _;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// A stream whose writes may wait for the peer only so long: room for connections is everybody's.
#[derive(Debug)]
pub struct Stalling<S> {
    stream: S,
    patience: Duration,
    /// When a write that is waiting now is given up; the timer is kept for the next one.
    given_up: Pin<Box<Sleep>>,
    waiting: bool,
}

impl<S> Stalling<S> {
    /// The stream, each of whose writes may wait so long.
    pub fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, given_up: Box::pin(sleep(patience)), waiting: false }
    }

    fn watched<T>(
        &mut self,
        outcome: Poll<Result<T, Error>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<T, Error>> {
        if outcome.is_ready() {
            self.waiting = false;
            return outcome;
        }
        if !self.waiting {
            self.waiting = true;
            self.given_up.as_mut().reset(Instant::now() + self.patience);
        }
        match self.given_up.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the peer does not read"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: Read + Unpin> Read for Stalling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Stalling<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(outcome, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.watched(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watched(outcome, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper_util::rt::TokioIo;
    use std::future::poll_fn;

    /// A peer that reads keeps its connection; one that does not loses it.
    #[tokio::test]
    async fn whoever_does_not_read_is_left() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut stream = Stalling::new(TokioIo::new(ours), Duration::from_millis(20));
        let mut write =
            async |bytes: &[u8]| poll_fn(|context| Pin::new(&mut stream).poll_write(context, bytes)).await;
        assert_eq!(write(&[0; 16]).await.unwrap(), 16);
        let mut heard = [0; 16];
        tokio::io::AsyncReadExt::read_exact(&mut theirs, &mut heard).await.unwrap();
        assert_eq!(write(&[0; 16]).await.unwrap(), 16);
        assert_eq!(write(&[0; 16]).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
