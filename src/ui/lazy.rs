//! Parts of a page whose code is not in the first load: it is fetched when they are shown, or before, while the page rests.

use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_split_helpers::SplitLoaderError;

use super::banner::{Banner, Tone};
use super::dynamic::{DynamicView, view};
use super::retry::Retry;
use super::skeleton::Skeleton;
use crate::platform::{idle, version};
use crate::texts;

/// Declares a part of a page whose code comes after the first load: `split!(settings: pub(super) fn tab(live: Live) => make_tab)`
/// gives the async functions `tab`, which makes the part by `make_tab`, and `load`, which brings the file `settings`.
/// Without the feature `split`, in development builds, the code is in the program from the start.
/// See docs/decisions/0063-split-wasm.md.
#[allow(unused_macros, reason = "the payment page and the kit are whole")]
macro_rules! split {
    ($file:ident: $vis:vis fn $name:ident($($input:ident: $of:ty),*) => $make:ident) => {
        #[cfg(feature = "split")]
        #[wasm_split_helpers::wasm_split($file, fallible, preload(load))]
        $vis fn $name($($input: $of),*) -> Result<leptos::prelude::AnyView, wasm_split_helpers::SplitLoaderError> {
            Ok($make($($input),*))
        }

        #[cfg(not(feature = "split"))]
        $vis fn $name($($input: $of),*) -> impl Future<Output = Result<leptos::prelude::AnyView, wasm_split_helpers::SplitLoaderError>> {
            std::future::ready(Ok($make($($input),*)))
        }

        #[cfg(not(feature = "split"))]
        $vis fn load() -> impl Future<Output = Result<(), wasm_split_helpers::SplitLoaderError>> {
            std::future::ready(Ok(()))
        }
    };
}
#[allow(unused_imports, reason = "the payment page and the kit are whole")]
pub(crate) use split;

/// Code on its way.
type LoadFuture = Pin<Box<dyn Future<Output = Result<(), SplitLoaderError>>>>;

/// A part that `make` makes once `load` has brought its code, both of them declared by [`split!`]: `{lazy(load, make)}`
/// in a view. With the code already there it shows at once; without, that it is loading, or why it cannot be shown.
pub(crate) fn render_lazy<L, M>(load: fn() -> L, make: impl Fn() -> M + Send + 'static) -> DynamicView
where
    L: Future<Output = Result<(), SplitLoaderError>> + 'static,
    M: Future<Output = Result<AnyView, SplitLoaderError>>,
{
    // Whatever is made belongs to the part that shows it, so it is made while that part is, never in a task.
    render_loaded(Box::new(move || Box::pin(load())), Box::new(move || make().now_or_never().and_then(Result::ok)))
}

/// Brings code that will soon be wanted, once the page rests. What does not come now is asked for when it is shown.
pub(crate) fn preload<L>(load: fn() -> L)
where
    L: Future<Output = Result<(), SplitLoaderError>> + 'static,
{
    let load: Box<dyn Fn() -> LoadFuture> = Box::new(move || Box::pin(load()));
    idle::when_idle(move || {
        spawn_local(async move {
            let _ = load().await;
        });
    });
}

fn render_loaded(
    load: Box<dyn Fn() -> LoadFuture + Send>,
    make: Box<dyn Fn() -> Option<AnyView> + Send>,
) -> DynamicView {
    let failed = RwSignal::new(false);
    view(move || {
        if failed.get() {
            return render_failure(failed);
        }
        let mut loading = load();
        match (&mut loading).now_or_never() {
            Some(Ok(())) => make().unwrap_or_else(|| render_failure(failed)),
            Some(Err(_)) => render_failure(failed),
            None => {
                spawn_local(async move {
                    let missing = loading.await.is_err();
                    // Nobody may be looking any more; the code is kept for the next time.
                    let _ = failed.try_set(missing);
                });
                view! { <Skeleton /> }.into_any()
            }
        }
    })
}

fn render_failure(failed: RwSignal<bool>) -> AnyView {
    // A new version has taken the place of the file, perhaps.
    version::check_version();
    view! {
        <Banner tone=Tone::Warn title=texts::ui::not_loaded() alert=true>
            <p>{texts::ui::not_loaded_next()}</p>
            <Retry on_press=move || failed.set(false) />
        </Banner>
    }
    .into_any()
}
