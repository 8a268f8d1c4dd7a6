//! A request's parameters, flat as they came: `metadata[reference]` is a name like any other.

/// Names and values in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(pub(crate) Vec<(String, String)>);

impl Form {
    pub(crate) fn read(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// Values of `name[]` or `name[0]`, `name[1]` …
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let ours = |known: &str| {
            known
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('['))
                .and_then(|rest| rest.strip_suffix(']'))
                .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
        };
        self.0.iter().filter(|(known, _)| ours(known)).map(|(_, value)| value.as_str()).collect()
    }

    /// What stands in `name[…]`, as an object.
    pub(crate) fn map(&self, name: &str) -> serde_json::Map<String, serde_json::Value> {
        let inside = |known: &str| {
            let rest = known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            (!rest.contains('[')).then(|| rest.to_owned())
        };
        self.0.iter().filter_map(|(known, value)| Some((inside(known)?, value.clone().into()))).collect()
    }

    /// The first parameter whose outermost name is none of these.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<&str> {
        let outer = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(&outer(name).as_str()))
    }
}
