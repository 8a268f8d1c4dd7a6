//! How the value types look in the OpenAPI document: all of them are strings there.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::charge::{RefundStatus, TopUpStatus};
use crate::kind::{CreditKind, TransactionKind, Unit, UsageKind};
use crate::ledger::Hash;
use crate::link::{LinkPurpose, LinkState};
use crate::status::{OrganizationStatus, Refusal, WalletStatus};
use crate::{
    ActorKind, Capability, Currency, Date, MemberSource, Money, Month, PortalView, Role, Scope, SessionKind, Timestamp,
};

fn string_schema() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

macro_rules! schema {
    ($name:ident, $object:expr) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::Object($object.build()))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    };
}

schema!(
    Money,
    string_schema()
        .pattern(Some("^-?[0-9]+(\\.[0-9]{1,6})?$"))
        .description(Some("Decimal amount, up to 6 digits behind the point"))
);
schema!(Timestamp, string_schema().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))));
schema!(Date, string_schema().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))));
schema!(Month, string_schema().pattern(Some("^[0-9]{4}-[0-9]{2}$")));
schema!(Hash, string_schema().pattern(Some("^[0-9a-f]{64}$")));
schema!(Currency, string_schema().enum_values(Some(Currency::ALL.map(Currency::code))));

macro_rules! name_schemas {
    ($($name:ident),+) => {
        $(schema!($name, string_schema().enum_values(Some($name::ALL.iter().map(|value| value.as_str())))));+;
    };
}
name_schemas!(
    ActorKind,
    UsageKind,
    TransactionKind,
    CreditKind,
    Unit,
    Role,
    MemberSource,
    Scope,
    SessionKind,
    Capability,
    PortalView,
    OrganizationStatus,
    WalletStatus,
    Refusal,
    TopUpStatus,
    RefundStatus,
    LinkPurpose,
    LinkState
);
