//! The messages between the tabs of a session about the stream that one of them holds.

/// A message between tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relay<'a> {
    /// A tab has joined, and asks whether the stream lives.
    Joined,
    Live,
    Lost,
    /// An event of the stream.
    Event {
        name: &'a str,
        /// Its data, as they came.
        data: &'a str,
    },
}

impl<'a> Relay<'a> {
    /// As it is sent.
    pub(super) fn text(self) -> String {
        match self {
            Self::Joined => "joined".to_owned(),
            Self::Live => "live".to_owned(),
            Self::Lost => "lost".to_owned(),
            Self::Event { name, data } => ["event", name, data].join("\n"),
        }
    }

    /// `None` for what another version of the page may say.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        Some(match text {
            "joined" => Self::Joined,
            "live" => Self::Live,
            "lost" => Self::Lost,
            _ => {
                let (name, data) = text.strip_prefix("event\n")?.split_once('\n')?;
                Self::Event { name, data }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tab_sends_the_others_read_and_nothing_else() {
        let event = Relay::Event { name: "wallet", data: "{\"a\":\n\"live\"}" };
        for relay in [Relay::Joined, Relay::Live, Relay::Lost, event, Relay::Event { name: "x", data: "" }] {
            assert_eq!(Relay::read(&relay.text()), Some(relay));
        }
        for text in ["", "event", "event\nwallet", "live\n", "resigned"] {
            assert_eq!(Relay::read(text), None, "{text:?}");
        }
    }
}
