//! Messages between the tabs of one browser (HTML, "Broadcasting to other browsing contexts").

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use super::listener::Listener;
use super::window::browser_window;

/// One end of a channel; closed when dropped.
pub(crate) struct TabChannel {
    channel: BroadcastChannel,
    _listener: Listener,
}

impl TabChannel {
    /// Joins the channel of this name; `on_message` gets every text that another tab posts, never one's own.
    ///
    /// `None` where the browser has no channels.
    pub(crate) fn open(name: &str, on_message: impl Fn(&str) + 'static) -> Option<Self> {
        browser_window()?;
        let channel = BroadcastChannel::new(name).ok()?;
        let listener = Listener::new(&channel, "message", move |event| {
            let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
            if let Some(text) = data {
                on_message(&text);
            }
        });
        Some(Self { channel, _listener: listener })
    }

    /// Sends a text to the other tabs.
    pub(crate) fn post(&self, text: &str) {
        // Fails only for what cannot be copied, and for a closed channel.
        let _ = self.channel.post_message(&JsValue::from_str(text));
    }
}

impl Drop for TabChannel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
