//! Where the set-up of automatic payments stands, and what is typed in it: shared by the screens of its dialog.

use billing_contract::link::CreatedPaymentLink;
use billing_domain::auto_pay::Settings;

use super::super::payment_links::created::ShownFirst;
use super::draft::{FieldProblem, SettingsDraft};
use crate::platform::signal::ErasedSignal;

/// Where setting up stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SetupStep {
    /// No card yet: three ways to one.
    Doors,
    /// The card's details, the first one or another one.
    Connect,
    /// The link is made: it is scanned, or sent.
    HandOver(Box<CreatedPaymentLink>, ShownFirst),
    /// The amounts; what the server or somebody else had to say about them.
    Amounts(Option<String>),
    /// The mandate in words; what went wrong before.
    Confirm(Settings, Option<String>),
    /// The server is asked.
    Saving(Settings),
}

/// What is typed, and what is wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) step: ErasedSignal<SetupStep>,
    pub(super) draft: ErasedSignal<SettingsDraft>,
    pub(super) problems: ErasedSignal<Vec<FieldProblem>>,
}
