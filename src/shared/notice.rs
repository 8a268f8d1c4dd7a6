//! What every screen says while no real money moves.

use billing_contract::session::Service;

use crate::texts;

/// Why no real money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestMoneyNotice {
    /// The program's own bank.
    Sandbox,
    /// The payment provider's test mode.
    TestMode,
}

impl TestMoneyNotice {
    /// What has to be said; `None` where real money moves.
    pub(crate) fn of(service: &Service) -> Option<Self> {
        service.notice().map(|_| if service.sandbox { Self::Sandbox } else { Self::TestMode })
    }

    /// Written in the form `Sandbox`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sandbox => texts::notice::sandbox(),
            Self::TestMode => texts::notice::test_mode(),
        }
    }

    /// `Sandbox: no real money`
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Sandbox => texts::notice::sandbox_text(),
            Self::TestMode => texts::notice::test_mode_text(),
        }
    }

    /// The same as a sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Sandbox => texts::notice::sandbox_sentence(),
            Self::TestMode => texts::notice::test_mode_sentence(),
        }
    }
}
