//! The data that the server wrote into the page: read once, then taken out of the document.

/// The JSON text inside `#bootstrap`, if the server put one there. The element is removed, so that figures of a
/// session do not outlive it in the document.
pub(crate) fn take_data() -> Option<String> {
    let element = super::window::browser_window()?.document()?.get_element_by_id("bootstrap")?;
    let text = element.text_content();
    element.remove();
    text
}

/// Takes away what was seen until the page is there, right before it is put in its place.
pub(crate) fn remove_first_view() {
    let page = super::window::browser_window().and_then(|window| window.document());
    if let Some(element) = page.and_then(|page| page.get_element_by_id("shell")) {
        element.remove();
    }
}
