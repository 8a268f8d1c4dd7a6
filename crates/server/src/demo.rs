//! The demo organization: three people to sign in as, a card, ninety days of work, and if wanted more of it all the time.
//!
//! Everything goes through the same services as in earnest; only the clock stands where the story is being told.

mod agents;
mod history;
mod lease;
mod replay;
mod seed;
pub(crate) mod traffic;

use billing_contract::session::DemoSignIn;
use billing_domain::{OrganizationId, Role, Timestamp};
use billing_store::StoreError;

use crate::clock::Clock;
use crate::message::UserMessage;
use crate::problem::Problem;
use crate::state::AppState;

/// Everybody's password.
const PASSWORD: &str = "demo";

struct DemoPerson {
    name: &'static str,
    email: &'static str,
    role: Role,
}

const PEOPLE: [DemoPerson; 3] = [
    DemoPerson { name: "Olivia Hart", email: "owner@demo.test", role: Role::Owner },
    DemoPerson { name: "Daniel Reyes", email: "admin@demo.test", role: Role::Admin },
    DemoPerson { name: "Priya Shah", email: "member@demo.test", role: Role::Member },
];

/// Why there is no demo, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// Real data must never stand beside made-up data.
    #[error(
        "this database holds an organization that --demo did not make. Start without --demo, or give the demo a database \
         of its own with --database"
    )]
    Foreign,
    /// The database said no.
    #[error("the demo organization could not be made: {0}")]
    Store(#[from] StoreError),
    /// A service said no.
    #[error("the demo organization could not be made: {0}")]
    Service(String),
}

impl From<Problem> for DemoError {
    fn from(problem: Problem) -> Self {
        Self::Service(problem.document().detail.clone())
    }
}

/// What the sign-in page offers as buttons.
pub(crate) fn sign_ins() -> Vec<DemoSignIn> {
    PEOPLE
        .iter()
        .map(|person| {
            let label = match person.role {
                Role::Owner => UserMessage::demo_owner(person.name),
                Role::Admin => UserMessage::demo_admin(person.name),
                Role::Member => UserMessage::demo_member(person.name),
            };
            DemoSignIn {
                label: label.english(),
                translation: Some(Box::new(label.on_the_wire())),
                email: person.email.to_owned(),
                password: PASSWORD.to_owned(),
            }
        })
        .collect()
}

/// Makes the demo organization unless it is there already; its id. What was begun and interrupted is finished.
pub(crate) async fn prepare_demo(state: &AppState) -> Result<OrganizationId, DemoError> {
    seed::seed_demo(state).await
}

/// The same server at another time.
fn state_at(state: &AppState, time: Timestamp) -> AppState {
    AppState { clock: Clock::standing_at(time), ..state.clone() }
}
