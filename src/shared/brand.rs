//! Whose product this is: name and logo, and where help is. The server says it with the document; the page shows it.

use std::cell::OnceCell;

use billing_contract::session::Brand;
use leptos::prelude::*;

use crate::platform::history;
use crate::ui::icon::{Icon, IconName};

thread_local! {
    static BRAND: OnceCell<Brand> = const { OnceCell::new() };
}

/// From now on this is whose product it is; the first word counts, for a page has one operator.
pub(crate) fn use_brand(brand: Brand) {
    BRAND.with(|known| {
        let _ = known.set(brand);
    });
}

/// Whose product it is; ours where a development server did not say.
pub(crate) fn current_brand() -> Brand {
    BRAND.with(|known| known.get().cloned()).unwrap_or_else(|| Brand { name: "Nexis".to_owned(), ..Brand::default() })
}

/// What the browser's tab says: `Billing · Nexis`.
pub(crate) fn set_title(screen: &str) {
    history::set_title(&format!("{screen} · {}", current_brand().name));
}

#[component]
pub(crate) fn BrandMark() -> AnyView {
    let Brand { name, logo, .. } = current_brand();
    let logo = match logo {
        Some(address) => view! { <img class="brand-logo" src=address alt="" /> }.into_any(),
        None => view! { <span class="brand-mark"><Icon name=IconName::Mark /></span> }.into_any(),
    };
    view! { <p class="brand">{logo}{name}</p> }.into_any()
}
