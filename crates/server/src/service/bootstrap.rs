//! Everything that the first screen of a session shows, in one answer.

use std::sync::atomic::Ordering;

use billing_contract::session::{Bootstrap, Brand, Service, StripePage};
use billing_contract::sign_in::SignInProvider;
use billing_payments::sandbox;

use crate::config::OidcProvider;
use crate::problem::Problem;
use crate::service::sessions::{self, SignedInMember};
use crate::service::{billing, members, setup};
use crate::state::AppState;

/// For nobody: what the server is. For a manager also the billing tab, for a member whom to ask.
pub(crate) async fn get_bootstrap(state: &AppState, member: Option<&SignedInMember>) -> Result<Bootstrap, Problem> {
    setup::refresh_offer(state).await?;
    let mut bootstrap = Bootstrap {
        service: describe_service(state),
        session: match member {
            Some(member) => Some(sessions::describe_session(state, member).await?),
            None => None,
        },
        billing: None,
        admins: None,
    };
    match member {
        None => {}
        Some(member) if member.role.manages_billing() => {
            // On the heap, because the billing tab's future is large.
            bootstrap.billing = Some(Box::new(Box::pin(billing::get_billing(state, member)).await?));
        }
        Some(member) => bootstrap.admins = Some(members::list_admins(state, member).await?),
    }
    Ok(bootstrap)
}

/// What everybody may know about the server.
pub(crate) fn describe_service(state: &AppState) -> Service {
    let provider = state.provider.name();
    let brand = &state.config.brand;
    Service {
        provider: provider.to_owned(),
        sandbox: provider == sandbox::NAME,
        // The publishable key only; the secret one never leaves the server.
        stripe: state.config.stripe.as_ref().map(|stripe| StripePage {
            publishable_key: stripe.publishable_key.clone(),
            script_url: stripe.script_url.clone(),
            live: stripe.live,
        }),
        demo_sign_ins: state.demo_sign_ins.to_vec(),
        sign_in_providers: state.config.oidc.iter().map(describe_provider).collect(),
        setup: state.setup_open.load(Ordering::Relaxed),
        brand: Brand {
            name: brand.name.clone(),
            logo: state.files.logo().map(ToOwned::to_owned),
            support_email: brand.support_email.clone(),
            support_url: brand.support_url.clone(),
            links: brand.links.clone(),
        },
    }
}

fn describe_provider(provider: &OidcProvider) -> SignInProvider {
    SignInProvider { name: provider.name.clone(), label: provider.label.clone() }
}
