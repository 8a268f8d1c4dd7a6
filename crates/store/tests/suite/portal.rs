//! Portal sessions: a code buys one session once, and what a host ends is over with all that was bought.

use billing_domain::external_id::UserRef;
use billing_domain::{Capability, OrganizationId, PortalView, Role, SessionKind, TextMap, Timestamp, UserId};
use billing_store::{Actor, NewPortalSession, PortalBrowser, PortalSession, PortalSessionFilter};

use crate::bench::{NOW, TestBank, at_once, on_both};

on_both![
    a_code_buys_one_session_once,
    fifty_who_bring_one_code_get_one_session,
    a_code_is_worth_nothing_later_or_elsewhere,
    a_fresh_code_of_the_same_person_confirms_a_session,
    what_is_ended_is_over_with_all_that_was_bought,
    what_is_old_is_forgotten,
];

const LIFE: i64 = 7_200;
const CODE_LIFE: i64 = 300;

fn portal(code: &str, user_id: &UserId, organization_id: &OrganizationId) -> NewPortalSession {
    NewPortalSession {
        id: format!("id of {code}"),
        code_hash: code.to_owned(),
        organization_id: organization_id.clone(),
        user_id: user_id.clone(),
        can: None,
        view: PortalView::Billing,
        locale: None,
        theme: None,
        return_url: None,
        embed_origin: None,
        tag: None,
        session_seconds: LIFE,
        created_by: "key".to_owned(),
        code_expires_at: NOW.plus_seconds(CODE_LIFE),
    }
}

fn browser(token: &str) -> PortalBrowser {
    PortalBrowser {
        token_hash: token.to_owned(),
        public_id: format!("public id of {token}"),
        address: "192.0.2.7".to_owned(),
        browser: "Firefox".to_owned(),
        longest_idle_seconds: 3_600,
    }
}

async fn create(bench: &TestBank, new: &NewPortalSession) {
    bench.store.create_portal_session(new, &Actor::system("test"), NOW).await.unwrap();
}

async fn exchange(bench: &TestBank, code: &str, token: &str, at: Timestamp) -> Option<PortalSession> {
    bench.store.exchange_portal_code(code, &browser(token), &|_| true, at).await.unwrap()
}

async fn a_code_buys_one_session_once(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    let mut theme = TextMap::default();
    theme.insert("accent".to_owned(), "#0a6c4b".to_owned());
    let new = NewPortalSession {
        can: Some(vec![Capability::View, Capability::Pay]),
        view: PortalView::AutoPay,
        locale: Some("de".to_owned()),
        theme: Some(theme),
        return_url: Some("https://app.example.com/".to_owned()),
        ..portal("c", &user, &organization)
    };
    create(&bench, &new).await;
    let later = NOW.plus_seconds(60);
    let bought = exchange(&bench, "c", "t", later).await.unwrap();
    assert_eq!((&bought.theme, bought.view, &bought.locale), (&new.theme, new.view, &new.locale));
    assert_eq!(bought, bench.store.portal_session(&new.id).await.unwrap());
    let session = bench.store.session("t", later).await.unwrap().unwrap();
    assert_eq!((session.kind, session.can, session.role), (SessionKind::Portal, new.can, Role::Admin));
    assert_eq!(session.portal_session_id, Some(new.id));
    // The host vouched for the person then, and the session's life began then.
    assert_eq!((session.confirmed_at, session.created_at), (NOW, later));
    assert_eq!((session.idle_seconds, session.expires_at), (3_600, later.plus_seconds(3_600)));
    assert_eq!(session.absolute_expires_at, NOW.plus_seconds(LIFE));
    assert_eq!(exchange(&bench, "c", "t2", later).await, None);
    assert!(bench.store.session("t2", later).await.unwrap().is_none());
    assert_eq!(exchange(&bench, "other", "t3", later).await, None);
}

async fn fifty_who_bring_one_code_get_one_session(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    create(&bench, &portal("c", &user, &organization)).await;
    let bought = at_once(50, |number| {
        let store = bench.store.clone();
        async move {
            let exchanged = store.exchange_portal_code("c", &browser(&format!("t{number}")), &|_| true, NOW).await;
            exchanged.unwrap().is_some()
        }
    })
    .await;
    assert_eq!(bought.into_iter().filter(|bought| *bought).count(), 1);
}

async fn a_code_is_worth_nothing_later_or_elsewhere(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    create(&bench, &portal("late", &user, &organization)).await;
    assert_eq!(exchange(&bench, "late", "t1", NOW.plus_seconds(CODE_LIFE)).await, None);
    let origin = "https://app.example.com";
    let new = NewPortalSession { embed_origin: Some(origin.to_owned()), ..portal("framed", &user, &organization) };
    create(&bench, &new).await;
    let refused = bench.store.exchange_portal_code("framed", &browser("t2"), &|asked| asked.is_none(), NOW).await;
    assert_eq!(refused.unwrap(), None);
    // It was shown to somebody else, so it is used up.
    let again = bench.store.exchange_portal_code("framed", &browser("t3"), &|asked| asked == Some(origin), NOW).await;
    assert_eq!(again.unwrap(), None);
    for token in ["t1", "t2", "t3"] {
        assert!(bench.store.session(token, NOW).await.unwrap().is_none());
    }
}

async fn a_fresh_code_of_the_same_person_confirms_a_session(bench: TestBank) {
    let (organization, other) = (bench.organization().await, bench.organization().await);
    let ada = bench.member(&organization, "Ada", Role::Admin).await;
    let bob = bench.member(&organization, "Bob", Role::Admin).await;
    bench.store.add_member(&other, &ada, Role::Admin, NOW).await.unwrap();
    create(&bench, &portal("first", &ada, &organization)).await;
    exchange(&bench, "first", "t", NOW).await.unwrap();
    let later = NOW.plus_seconds(1_000);
    for (code, user, place) in
        [("bobs", &bob, &organization), ("elsewhere", &ada, &other), ("fresh", &ada, &organization)]
    {
        let new = NewPortalSession { code_expires_at: later.plus_seconds(CODE_LIFE), ..portal(code, user, place) };
        bench.store.create_portal_session(&new, &Actor::system("test"), later).await.unwrap();
    }
    let confirm = async |code: &str| bench.store.confirm_by_portal_code("t", code, later).await.unwrap();
    for code in ["bobs", "elsewhere", "first", "none"] {
        assert!(!confirm(code).await, "{code}");
    }
    let confirmed_at = async || bench.store.session("t", later).await.unwrap().unwrap().confirmed_at;
    assert_eq!(confirmed_at().await, NOW);
    assert!(confirm("fresh").await);
    assert_eq!(confirmed_at().await, later);
    assert!(!confirm("fresh").await, "it is used up");
    assert!(exchange(&bench, "bobs", "t2", later).await.is_some(), "what belongs to somebody else is left alone");
}

async fn what_is_ended_is_over_with_all_that_was_bought(bench: TestBank) {
    let (first, second) = (bench.organization().await, bench.organization().await);
    let ada = bench.member(&first, "Ada", Role::Admin).await;
    let bob = bench.member(&first, "Bob", Role::Member).await;
    bench.store.add_member(&second, &ada, Role::Member, NOW).await.unwrap();
    for (code, user, place, tag) in [
        ("a1", &ada, &first, Some("s")),
        ("a2", &ada, &second, Some("s")),
        ("b1", &bob, &first, None),
        ("waiting", &ada, &first, None),
    ] {
        let new = NewPortalSession { tag: tag.map(str::to_owned), ..portal(code, user, place) };
        create(&bench, &new).await;
        if code != "waiting" {
            exchange(&bench, code, &format!("{code}'s token"), NOW).await.unwrap();
        }
    }
    let alive = async || {
        let mut alive = Vec::new();
        for code in ["a1", "a2", "b1"] {
            if bench.store.session(&format!("{code}'s token"), NOW).await.unwrap().is_some() {
                alive.push(code);
            }
        }
        alive
    };
    let end = async |filter: PortalSessionFilter| {
        let ended = bench.store.end_portal_sessions(&filter, &Actor::system("test"), NOW).await.unwrap();
        ended.into_iter().flat_map(|ended| ended.token_hashes).collect::<Vec<_>>()
    };
    let version = async |id| bench.store.access_version(id).await.unwrap();
    let before = (version(&first).await, version(&second).await);
    let of_first = || PortalSessionFilter { organization_id: Some(first.clone()), ..PortalSessionFilter::default() };
    let nobody = PortalSessionFilter { user: Some("ext:nobody".parse().unwrap()), ..of_first() };
    assert_eq!(end(nobody).await, Vec::<String>::new());
    assert_eq!(end(PortalSessionFilter { tag: Some("s".to_owned()), ..of_first() }).await, ["a1's token"]);
    assert_eq!(alive().await, ["a2", "b1"]);
    assert!(bench.store.is_session_ended("a1's token").await.unwrap());
    assert!(!bench.store.is_session_ended("a2's token").await.unwrap());
    assert!(version(&first).await > before.0 && version(&second).await == before.1);
    // A code that waits is ended with the rest.
    assert_eq!(
        end(PortalSessionFilter { user: Some(UserRef::Id(ada.clone())), ..of_first() }).await,
        Vec::<String>::new()
    );
    assert_eq!(exchange(&bench, "waiting", "late", NOW).await, None);
    assert_eq!(
        end(PortalSessionFilter { tag: Some("s".to_owned()), ..PortalSessionFilter::default() }).await,
        ["a2's token"]
    );
    assert_eq!(end(of_first()).await, ["b1's token"]);
    assert_eq!(alive().await, Vec::<&str>::new());
    assert_eq!(end(of_first()).await, Vec::<String>::new());
}

async fn what_is_old_is_forgotten(bench: TestBank) {
    let organization = bench.organization().await;
    let user = bench.member(&organization, "Ada", Role::Admin).await;
    create(&bench, &portal("c", &user, &organization)).await;
    assert_eq!(bench.store.purge_portal_sessions(NOW.plus_seconds(-1)).await.unwrap(), 0);
    assert_eq!(bench.store.purge_portal_sessions(NOW).await.unwrap(), 1);
    assert_eq!(exchange(&bench, "c", "t", NOW).await, None);
}
