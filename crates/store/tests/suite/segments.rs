//! What is read by segments is what is read line by line, and a long ledger costs no more than a short one.

use billing_domain::{Money, OrganizationId, TransactionKind, UsageKind};
use billing_store::{NewLine, Outline, PostedLine, TransactionFilter};

use crate::bench::{NOW, TestBank, on_both, usage_line};
use crate::transactions::whole_outline;

on_both![segments_change_no_answer, two_servers_summarize_a_segment_once];

/// Two segments and a tail: usage, and money every so often; some of it is reported late.
async fn filled(bench: &TestBank) -> OrganizationId {
    let organization = bench.organization().await;
    let line = |number: i64| {
        let late = if number % 997 == 0 { 9_000 } else { 0 };
        NewLine {
            kind: match number {
                number if number % 1_500 == 7 => TransactionKind::TopUp,
                number if number % 3 == 0 => UsageKind::AiTask.into(),
                5_000 => UsageKind::InboundCall.into(),
                _ => UsageKind::OutboundCall.into(),
            },
            occurred_at: NOW.plus_seconds(number - late),
            description: format!("Call to +1 (415) 555-{:04}", number % 10_000),
            source: if number % 4_000 == 11 { "Zoë Müller" } else { "Agent Ava" }.to_owned(),
            ..usage_line(&format!("ref-{number:x}"), "0.01")
        }
    };
    for batch in 0..9 {
        let lines = (batch * 2_000..(batch + 1) * 2_000).map(line).collect();
        bench.store.post(&organization, lines, NOW.plus_seconds(batch)).await.unwrap();
    }
    organization
}

async fn summarize(bench: &TestBank) -> usize {
    let mut done = 0;
    loop {
        let due = bench.store.due_segments().await.unwrap();
        if due.is_empty() {
            return done;
        }
        for segment in due {
            bench.store.summarize_segment(segment).await.unwrap();
            done += 1;
        }
    }
}

/// Everything that is found, page by page as the server reads it.
async fn all_pages(bench: &TestBank, organization: &OrganizationId, filter: &TransactionFilter) -> Vec<PostedLine> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = bench.store.find_page(organization, filter, before, 150).await.unwrap();
        all.extend(page.lines);
        if page.next.is_none() {
            return all;
        }
        assert!(before.is_none_or(|before| page.next.unwrap() < before), "{filter:?}: a page goes on where it began");
        before = page.next;
    }
}

fn filters() -> Vec<TransactionFilter> {
    let kinds = [
        vec![],
        vec![UsageKind::InboundCall.into()],
        vec![UsageKind::AiTask.into(), TransactionKind::TopUp],
        vec![TransactionKind::TopUp],
        vec![TransactionKind::Dispute],
    ];
    let queries = [None, Some("muller"), Some("415 555 4321"), Some("ref-1f4"), Some("zo"), Some("nobody at all")];
    let days = [(None, None), (Some(NOW.plus_seconds(4_000)), Some(NOW.plus_seconds(9_000)))];
    let mut filters = Vec::new();
    for kinds in &kinds {
        for query in queries {
            for (from, to) in days {
                filters.push(TransactionFilter { kinds: kinds.clone(), from, to, query: query.map(str::to_owned) });
            }
        }
    }
    filters
}

async fn segments_change_no_answer(bench: TestBank) {
    let organization = filled(&bench).await;
    let mut before: Vec<(Vec<PostedLine>, Outline)> = Vec::new();
    for filter in filters() {
        let outline = whole_outline(&bench.store, &organization, &filter, (17_500, 100, 1_000)).await;
        before.push((all_pages(&bench, &organization, &filter).await, outline));
    }
    // From where lines stand in their place on: before that only late ones are found, any of which will do.
    let mut moments = Vec::new();
    for seconds in (2_111..18_000).step_by(2_111) {
        let at = NOW.plus_seconds(seconds);
        moments.push(bench.store.newest_until(&organization, &TransactionFilter::default(), at).await.unwrap());
    }
    let sums = bench.store.sums_by_kind(&organization, 100, 17_000).await.unwrap();
    let posted = bench.store.seq_posted_before(&organization, NOW.plus_seconds(5), 18_000).await.unwrap();
    assert_eq!(posted, 10_000);
    let ends = [0, 1, 255, 256, 256, 300, 511, 8_191, 8_192, 8_193, 8_500, 16_384, 16_600, 16_900, 17_999, 18_000];
    let spans = bench.store.sums_of_spans(&organization, &ends).await.unwrap();
    let lines = bench.store.transactions(&organization, &TransactionFilter::default(), None, 18_000).await.unwrap();
    for (ends, sums) in ends.windows(2).zip(&spans) {
        let inside = || lines.iter().map(|line| &line.line).filter(|line| line.seq > ends[0] && line.seq <= ends[1]);
        assert_eq!(sums.iter().map(|sum| sum.lines).sum::<i64>(), ends[1] - ends[0], "{ends:?}");
        for sum in sums {
            let of_kind = || inside().filter(|line| line.kind == sum.kind).map(|line| line.amount);
            assert_eq!(sum.amount, Money::checked_sum(of_kind()).unwrap(), "{ends:?}");
            let came_in = of_kind().filter(|amount| amount.is_positive());
            assert_eq!(sum.money_in, Money::checked_sum(came_in).unwrap(), "{ends:?}");
        }
    }

    assert_eq!(summarize(&bench).await, 2);
    for (filter, (lines, outline)) in filters().into_iter().zip(before) {
        assert_eq!(all_pages(&bench, &organization, &filter).await, lines, "{filter:?}");
        let again = whole_outline(&bench.store, &organization, &filter, (17_500, 100, 1_000)).await;
        assert_eq!(again, outline, "{filter:?}");
        assert!(!outline.truncated, "{filter:?}");
    }
    for (seconds, moment) in (2_111..18_000).step_by(2_111).zip(moments) {
        let at = NOW.plus_seconds(seconds);
        let again = bench.store.newest_until(&organization, &TransactionFilter::default(), at).await.unwrap();
        assert_eq!(again, moment, "second {seconds}");
    }
    assert_eq!(bench.store.sums_by_kind(&organization, 100, 17_000).await.unwrap(), sums);
    assert_eq!(bench.store.sums_of_spans(&organization, &ends).await.unwrap(), spans);
    assert_eq!(bench.store.seq_posted_before(&organization, NOW.plus_seconds(5), 18_000).await.unwrap(), posted);
    assert!(summarize(&bench).await == 0, "nothing is summarized twice");
}

async fn two_servers_summarize_a_segment_once(bench: TestBank) {
    filled(&bench).await;
    let other = billing_store::Store::connect_with(&bench.url, crate::bench::few(5)).await.unwrap();
    let due = bench.store.due_segments().await.unwrap();
    assert_eq!(due.len(), 1, "one after the other");
    let (first, second) = tokio::join!(bench.store.summarize_segment(due[0]), other.summarize_segment(due[0]));
    first.unwrap();
    second.unwrap();
    assert_eq!(bench.count("ledger_segments").await, 1);
    assert_eq!(bench.count("segment_kinds").await, 4);
    other.close().await;
}
