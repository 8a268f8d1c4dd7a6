//! Every address of the page, in one place.

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Who are you?
    SignIn,
    /// Settings → Organization.
    Organization,
    /// Settings → Members.
    Members,
    /// Settings → Billing.
    Billing,
}

impl Place {
    /// Every screen.
    pub(crate) const ALL: [Self; 4] = [Self::SignIn, Self::Organization, Self::Members, Self::Billing];

    /// Its address.
    pub(crate) const fn address(self) -> &'static str {
        match self {
            Self::SignIn => "/sign-in",
            Self::Organization => "/settings/organization",
            Self::Members => "/settings/members",
            Self::Billing => "/settings/billing",
        }
    }

    /// The screen at this path; `None` when there is none. The bare address and `/settings` lead to Billing.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "" | "/settings" => Some(Self::Billing),
            path => Self::ALL.into_iter().find(|place| place.address() == path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_leads_to_its_own_screen_and_no_other_one_does() {
        for place in Place::ALL {
            assert_eq!(Place::at(place.address()), Some(place));
            assert_eq!(Place::at(&format!("{}/", place.address())), Some(place));
        }
        for path in ["/", "", "/settings", "/settings/"] {
            assert_eq!(Place::at(path), Some(Place::Billing), "{path}");
        }
        for path in ["/settings/billing/x", "/Settings/Billing", "/settings//billing", "/x", "//"] {
            assert_eq!(Place::at(path), None, "{path}");
        }
    }
}
