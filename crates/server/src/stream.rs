//! Event streams: what an open page is sent while it watches.

pub(crate) mod organization;
pub(crate) mod requests;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::problem::Problem;

/// How long a reader may let a full buffer stand before it is cut off. It comes back with its last `seq`.
const READER_PATIENCE: Duration = Duration::from_secs(10);

/// Why a stream ends.
pub(crate) enum StreamEnd {
    /// The reader has gone or is too slow, the session is over, the server stops.
    Over,
    /// Something could not be read.
    Failed(Problem),
}

impl From<Problem> for StreamEnd {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

/// Gives it to the reader, as soon as there is room.
pub(crate) async fn send_to_reader<T>(out: &mpsc::Sender<T>, message: T) -> Result<(), StreamEnd> {
    match timeout(READER_PATIENCE, out.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(StreamEnd::Over),
    }
}
