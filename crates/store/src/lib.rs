//! SQL for SQLite and PostgreSQL: the wallet's memory. The suite in `tests/suite` runs on both and *is* the definition.
//!
//! Everything is a method of [`Store`]; every read and write names the organization and never finds another one's row.
//! Time and randomness are handed in. Amounts are micro-units, times micro-seconds, ids UUIDv7 made by the caller.
//!
//! | file | methods |
//! |---|---|
//! | `store` | `connect` `connect_with` `reserved` `costly` `open_existing` `ping` `check_writes` `write_concurrency` `database_version` `copy_to` `close` |
//! | `signal` | `signal` `signals` |
//! | `organization` | `create_organization` `organization` `find_organization` `find_or_create_organization` `put_organization` `page_organizations` `set_organization_status` `update_organization` `organization_ids` |
//! | `member` | `create_user` `user_by_email` `memberships` `add_member` `put_member` `remove_member` `members` `member` `change_role` `admin_names` |
//! | `invitation` | `create_invitation` `renew_invitation` `revoke_invitation` `open_invitations` `open_invitation` `invitation_by_token` `accept_invitation` `purge_invitations` |
//! | `email_change` | `begin_email_change` `pending_email` `complete_email_change` |
//! | `second_factor` | `second_factor` `begin_second_factor` `confirm_second_factor` `take_factor_step` `use_recovery_code` `remove_second_factor` |
//! | `session` | `create_session` `session` `sign_out` `confirm_identity` `confirm_session` `touch_session` `purge_sessions` |
//! | `access` | `end_sessions` |
//! | `oidc` | `create_oidc_login` `take_oidc_login` `oidc_user` `sign_in_by_oidc` `confirm_oidc_session` `end_oidc_sessions` `purge_oidc` |
//! | `api_key` | `create_key` `find_key` `key` `keys` `rotate_key` `revoke_key` `note_key_use` |
//! | `audit` | `append_audit` `page_audit` `verify_audit` |
//! | `wallet` | `wallet` `access_version` |
//! | `watched` | `watched_wallets` |
//! | `ledger` | `post` `post_many` |
//! | `transaction` | `transactions` `find_page` `line` `corrections` `newest_until` `outline` `lines_after` `has_usage` |
//! | `segment` | `due_segments` `summarize_segment` |
//! | `archive` | `with_archive` `archives` `archive_month` `resume_archive` `transactions_and_archive` |
//! | `statement` | `seqs_posted_before` `seq_posted_before` `balances_after` `sums_of_spans` `sums_by_kind` `money_lines` |
//! | `usage` | `usage` `usage_by_kind` `largest_sources` `first_usage_day` `rebuild_usage_days` |
//! | `step` | `wallet_steps` |
//! | `hold` | `authorize` `authorize_many` `hold` `release_hold` `expire_holds` `expire_organization_holds` |
//! | `card` | `add_card` `cards` `card` `refresh_card` `set_default_card` `remove_card` |
//! | `card_setup` | `create_card_setup` `card_setup` `open_card_setups` `apply_card_setup` |
//! | `top_up` | `create_top_up` `create_top_up_for_request` `create_paced_top_up` `create_auto_top_up` `top_up` `open_top_ups` `lease_top_up` `lease_due_top_ups` `apply_top_up` `pending_credit` `auto_spent` |
//! | `credit` | `post_credit` `due_credits` `settle_credit` |
//! | `idempotency` | `purge_idempotency_keys` |
//! | `auto_pay` | `auto_pay` `auto_pay_enabled` `put_auto_pay` `resume_auto_pay` `record_auto_pay_health` |
//! | `notice` | `notices` `deliveries` `lease_due_deliveries` `record_delivery` `revive_deliveries` `watch_low_balance` |
//! | `refund` | `create_refund` `apply_external_refund` `refund` `payment` `lease_refunds` `apply_refund` |
//! | `paper` | `paper` `issue_paper` |
//! | `link` | `create_link` `links` `link` `link_by_token` `open_link` `revoke_link` `expire_links` `begin_link_attempt` `open_link_setup` `apply_link_setup` `top_up_of_setup` |
//! | `dispute` | `apply_dispute` |
//! | `fraud` | `apply_fraud_warning` |
//! | `provider` | `provider_customer` `keep_provider_customer` `provider_event_handled` `note_provider_event` `purge_provider_events` `card_owner` `top_up_owner` `card_setup_owner` `card_providers` |
//! | `request` | `create_request` `requests` `request` `decide_request` |
//! | `sandbox` | `sandbox_read` `sandbox_write` `sandbox_all` |
//! | `unknown_payment` | `note_unknown_payment` `record_unknown_payment` `unknown_payments` `take_in_top_up` |
//! | `early_event` | `keep_early_event` `due_early_events` `drop_early_event` |
//! | `backlog` | `backlog` |
//! | `meta` | `meta` `meta_or` `set_meta` `acquire_lease` `release_lease` |
//! | `verify` | `verify` `verify_with_progress` `count_ledger_lines` |

mod access;
mod account;
mod api_key;
mod archive;
mod audit;
mod auto_pay;
mod backlog;
mod card;
mod card_setup;
mod credit;
mod db;
mod dispute;
mod early_event;
mod email_change;
mod error;
mod fraud;
mod hold;
mod idempotency;
pub mod ids;
mod invitation;
mod ledger;
mod link;
mod member;
mod meta;
mod migration;
mod notice;
mod oidc;
mod open_status;
mod organization;
mod pace;
mod paper;
mod portal_session;
mod profile;
mod provider;
mod references;
mod refund;
mod request;
mod reversal;
mod sandbox;
mod search_text;
mod second_factor;
mod segment;
mod session;
mod setup;
mod shared_read;
mod signal;
mod statement;
mod step;
mod store;
mod top_up;
mod transaction;
mod unknown_payment;
mod usage;
mod user_token;
mod verify;
mod version;
mod wallet;
mod wallet_id;
mod watched;

pub use access::SessionsOf;
pub use account::{Account, AddedMember, NewAccountMember};
pub use api_key::{ApiKey, KeyRotation, NewApiKey};
pub use archive::{Archive, ClosedMonth};
pub use audit::{Actor, AuditEntry, AuditFacts, AuditPlace, NewAudit, WrittenAudit};
pub use auto_pay::{AutoPay, AutoPayUpdate};
pub use backlog::Backlog;
pub use card::{Card, NewCard};
pub use card_setup::{CardSetup, NewCardSetup, SetupResult, SetupStatus};
pub use credit::{CreditRefusal, DueCredit, NewCredit, SettledCredit};
pub use dispute::{DisputeApplied, DisputeUpdate};
pub use early_event::{EarlyEvent, EarlySubject};
pub use email_change::EmailChange;
pub use error::{Result, StoreError};
pub use fraud::{FraudApplied, FraudUpdate};
pub use hold::{Admission, Authorization, Hold, HoldRequest, HoldState, NewHold, Payer, Release};
pub use idempotency::{Created, IdempotencyKey};
pub use invitation::{InvitedPerson, NewInvitation, OpenInvitation};
pub use ledger::{Batch, LineOutcome, NewLine, Origin, PostedLine, Posting};
pub use link::{ExpectedCharge, LinkApplied, LinkCharge, LinkRefusal, NewLink, PaymentLink};
pub use member::{Member, MemberFacts, MemberPut, Membership, PutMember, Removal, RoleChange, User};
pub use notice::{Channel, Delivery, DeliveryResult, DeliveryState, LowBalance, Notice, NoticeFacts, NoticeKind};
pub use oidc::{NewOidcLogin, OidcBrowser, OidcLogin, OidcLogout, OidcPerson, OidcRefusal, OidcSignIn, RoleGrant};
pub use organization::{
    NewOrganization, Organization, OrganizationFacts, OrganizationFilter, OrganizationPolicy, OrganizationPut,
    OrganizationUpdate,
};
pub use pace::{Pace, PaceAllowance};
pub use paper::{IssuedDocument, NewDocument, PaperKind};
pub use portal_session::{EndedPortalSessions, NewPortalSession, PortalBrowser, PortalSession, PortalSessionFilter};
pub use profile::{ListedSession, OwnOrganization};
pub use refund::{NewExternalRefund, NewRefund, Payment, Refund, RefundMaker, RefundRefusal, RefundResult};
pub use request::{Decision, MAX_OPEN_REQUESTS, NewRequest, Request, RequestState};
pub use sandbox::{SandboxKey, SandboxRecord};
pub use second_factor::SecondFactor;
pub use segment::DueSegment;
pub use session::{NewSession, Session, public_id_of};
pub use setup::{NewSetup, SetupGrant, SetupRefusal};
pub use shared_read::SharedRead;
pub use signal::{LONGEST_SIGNAL, Signal, Signals};
pub use statement::KindSum;
pub use step::{WalletStep, WalletSteps, step_of};
pub use store::{COSTLY_READ_TIME, ConnectionLimits, Store};
pub use top_up::{Applied, AutoGuard, AutoSpent, CreditLine, NewTopUp, PendingCredit, ProviderUpdate, TopUp};
pub use transaction::{FoundPage, Outline, OutlinePlace, TransactionFilter};
pub use unknown_payment::{ReceivedTopUp, UnknownPayment};
pub use usage::{KindDay, NAMED_SOURCES, SourceSum, Sources, UsageDay};
pub use user_token::{NewUserToken, TokenPurpose};
pub use verify::{Broken, Verification};
pub use version::DatabaseVersion;
pub use wallet::Wallet;
pub use wallet_id::WalletId;
