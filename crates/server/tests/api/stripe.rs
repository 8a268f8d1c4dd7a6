//! The program with Stripe behind it, by a stand-in that breaks in the ways in which real lines and servers break.

mod breaking;
mod confirmation;
mod disputes;
mod links;
mod refunds;
mod restored;
mod shop;
mod start;
mod webhooks;
