//! Bodies and queries as Stripe wants them: form-encoded, nested names in brackets, in one fixed order.

/// Names and values in the order in which they were added, so that a repetition has the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Adds a value under a name such as `metadata[reference]`.
    #[expect(clippy::needless_pass_by_value, reason = "literals, numbers and references alike")]
    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a value if there is one.
    pub(super) fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// `name=value&…`, percent-encoded.
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        let form =
            Form::default().with("metadata[a]", "x&amount=1").with_some("b", None::<i64>).with_some("c", Some(7));
        assert_eq!(form.encoded(), "metadata%5Ba%5D=x%26amount%3D1&c=7");
    }
}
