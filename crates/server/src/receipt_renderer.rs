//! Draws receipts, as many at a time as there are cores.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use billing_contract::ProblemCode;
use billing_receipt::{Drawn, Fonts, Paper, Receipt};
use tokio::sync::Semaphore;

use crate::message::UserMessage;
use crate::problem::Problem;

/// Who waits longer for a free core is asked to come again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Draws receipts: each takes a core for a moment.
#[derive(Debug)]
pub(crate) struct ReceiptRenderer {
    folders: Vec<PathBuf>,
    fonts: OnceLock<Fonts>,
    cores: Semaphore,
}

impl ReceiptRenderer {
    /// With the fonts of this folder, else with the system's. They are looked for when the first receipt is drawn.
    pub(crate) fn new(fonts: Option<PathBuf>) -> Self {
        let folders = fonts.map_or_else(Fonts::system_folders, |folder| vec![folder]);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { folders, fonts: OnceLock::new(), cores: Semaphore::new(cores) }
    }

    /// The receipt as a PDF, as soon as a core is free; unavailable when none is for ten seconds.
    pub(crate) async fn render(self: &Arc<Self>, receipt: Receipt, paper: Paper) -> Result<Vec<u8>, Problem> {
        let busy = || Problem::retry_later(ProblemCode::Unavailable, UserMessage::too_many_receipts(), 5);
        let _core = tokio::time::timeout(PATIENCE, self.cores.acquire()).await.map_err(|_| busy())?;
        let renderer = Arc::clone(self);
        let drawing = tokio::task::spawn_blocking(move || {
            let fonts = renderer.fonts.get_or_init(|| Fonts::in_folders(&renderer.folders));
            billing_receipt::draw_receipt(&receipt, paper, fonts)
        });
        let Drawn { pdf, missing } = drawing.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
        if let Some(character) = missing.first() {
            let code = format!("U+{:04X}", u32::from(*character));
            tracing::warn!(count = missing.len(), code, "no font has a character of a receipt; install fonts for it");
        }
        Ok(pdf)
    }
}
