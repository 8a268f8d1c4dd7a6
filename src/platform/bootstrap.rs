//! The data that the server wrote into the page: read once, then taken out of the document.

/// The JSON text inside `#bootstrap`, if the server put one there. The element is removed, so that figures of a
/// session do not outlive it in the document.
pub(crate) fn take_data() -> Option<String> {
    let element = web_sys::window()?.document()?.get_element_by_id("bootstrap")?;
    let text = element.text_content();
    element.remove();
    text
}
