//! Pages and searches show every line exactly once.

use std::time::Duration;

use billing_domain::{OrganizationId, Timestamp, TransactionKind, UsageKind};
use billing_store::{
    ConnectionLimits, NewLine, Outline, OutlinePlace, PostedLine, Store, StoreError, TransactionFilter,
};

use crate::bench::{NOW, TestBank, few, on_both, usage_line};

on_both![
    pages_under_any_filter_add_up_to_the_whole_list,
    a_page_does_not_move_when_lines_arrive_in_between,
    search_takes_wildcards_literally,
    search_knows_no_case_in_any_script,
    search_does_not_reach_across_two_fields,
    an_outline_says_where_each_page_begins,
    a_moment_leads_to_what_occurred_last_before_it,
    what_corrects_a_line_is_found,
    a_costly_read_is_broken_off_and_the_next_one_is_not,
];

/// All answers of an outline as one: up to this line, pages of so many lines, so many pages at most.
pub(crate) async fn whole_outline(
    store: &Store,
    organization: &OrganizationId,
    filter: &TransactionFilter,
    (last_seq, every, most): (i64, u32, u32),
) -> Outline {
    let (mut whole, mut next) = (Outline::default(), Some(OutlinePlace { last_seq, counted: 0 }));
    while let Some(from) = next {
        let more = store.outline(organization, filter, from, every, most).await.unwrap();
        whole.count += more.count;
        whole.starts.extend(&more.starts);
        whole.truncated = more.truncated;
        assert!(more.next.is_none_or(|next| next.last_seq < from.last_seq && next.counted == whole.count), "{more:?}");
        next = more.next;
    }
    whole
}

/// 240 lines of all kinds, a minute apart but in a shuffled order, so that time and `seq` differ.
async fn filled(bench: &TestBank) -> (OrganizationId, Vec<PostedLine>) {
    let organization = bench.organization().await;
    let other = bench.organization().await;
    let kinds = TransactionKind::ALL;
    let line = |number: i64| {
        let shuffled = number * 77 % 240;
        NewLine {
            kind: kinds[usize::try_from(number * 5 % 9).unwrap()],
            occurred_at: NOW.plus_seconds(shuffled * 60),
            description: format!("Call {shuffled}"),
            source: if number % 3 == 0 { "Agent Ava" } else { "Agent Bo" }.to_owned(),
            ..usage_line(&format!("ref-{number}"), "0.01")
        }
    };
    bench.store.post(&organization, (0..240).map(line).collect(), NOW).await.unwrap();
    bench.store.post(&other, (0..240).map(line).collect(), NOW).await.unwrap();
    let mut lines = bench.store.lines_after(&organization, 0, 1000).await.unwrap();
    lines.reverse();
    (organization, lines)
}

fn passes(filter: &TransactionFilter, line: &PostedLine) -> bool {
    let line = &line.line;
    let found = |query: &String| {
        [&line.description, &line.source, &line.reference].iter().any(|text| text.to_lowercase().contains(query))
    };
    (filter.kinds.is_empty() || filter.kinds.contains(&line.kind))
        && filter.from.is_none_or(|from| line.occurred_at >= from)
        && filter.to.is_none_or(|to| line.occurred_at < to)
        && filter.query.as_ref().is_none_or(found)
}

async fn pages(
    bench: &TestBank,
    organization: &OrganizationId,
    filter: &TransactionFilter,
    limit: u32,
) -> Vec<PostedLine> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = bench.store.transactions(organization, filter, before, limit).await.unwrap();
        let Some(last) = page.last() else { return all };
        assert!(page.len() <= usize::try_from(limit).unwrap());
        before = Some(last.line.seq);
        all.extend(page);
    }
}

async fn pages_under_any_filter_add_up_to_the_whole_list(bench: TestBank) {
    let (organization, lines) = filled(&bench).await;
    let times: [(Option<Timestamp>, Option<Timestamp>); 3] = [
        (None, None),
        (Some(NOW.plus_seconds(1800)), None),
        (Some(NOW.plus_seconds(60)), Some(NOW.plus_seconds(6000))),
    ];
    let kinds = [vec![], vec![TransactionKind::TopUp], vec![UsageKind::AiTask.into(), TransactionKind::Refund]];
    for (from, to) in times {
        for kinds in &kinds {
            for query in [None, Some("ava"), Some("ref-1"), Some("nothing")] {
                let filter = TransactionFilter { kinds: kinds.clone(), from, to, query: query.map(str::to_owned) };
                let expected: Vec<_> = lines.iter().filter(|line| passes(&filter, line)).cloned().collect();
                for limit in [7, 100] {
                    assert_eq!(pages(&bench, &organization, &filter, limit).await, expected, "{filter:?}");
                }
            }
        }
    }
}

async fn a_page_does_not_move_when_lines_arrive_in_between(bench: TestBank) {
    let (organization, lines) = filled(&bench).await;
    let filter = TransactionFilter::default();
    let first = bench.store.transactions(&organization, &filter, None, 50).await.unwrap();
    bench.post(&organization, usage_line("new", "1")).await;
    let second = bench.store.transactions(&organization, &filter, Some(first[49].line.seq), 50).await.unwrap();
    assert_eq!([first, second].concat(), lines[..100]);
}

async fn found(bench: &TestBank, organization: &OrganizationId, query: &str) -> Vec<String> {
    let filter = TransactionFilter { query: Some(query.to_owned()), ..TransactionFilter::default() };
    let lines = bench.store.transactions(organization, &filter, None, 100).await.unwrap();
    lines.into_iter().map(|line| line.line.reference).collect()
}

async fn named(bench: &TestBank, names: &[(&str, &str)]) -> OrganizationId {
    let organization = bench.organization().await;
    for (reference, description) in names {
        let line = NewLine { description: (*description).to_owned(), ..usage_line(reference, "1") };
        bench.post(&organization, line).await;
    }
    organization
}

async fn search_takes_wildcards_literally(bench: TestBank) {
    let names =
        [("a", "100% sure"), ("b", "100 sure"), ("c", "a_b"), ("d", "axb"), ("e", "wow!"), ("f", r"c:\tmp 'x'")];
    let organization = named(&bench, &names).await;
    for (query, expected) in
        [("0%", "a"), ("a_b", "c"), ("w!", "e"), (r":\t", "f"), ("'x'", "f"), ("%", "a"), ("_b", "c")]
    {
        assert_eq!(found(&bench, &organization, query).await, [expected], "{query}");
    }
    assert_eq!(found(&bench, &organization, "").await.len(), 6);
}

async fn search_knows_no_case_in_any_script(bench: TestBank) {
    let organization = named(&bench, &[("a", "MÜNCHEN Straße"), ("b", "ΑΘΗΝΑ"), ("c", "Привет"), ("d", "plain")]).await;
    for (query, expected) in
        [("münchen", "a"), ("MÜNCHEN", "a"), ("STRAß", "a"), ("αθηνα", "b"), ("ПРИВЕТ", "c"), ("PLAIN", "d")]
    {
        assert_eq!(found(&bench, &organization, query).await, [expected], "{query}");
    }
}

async fn search_does_not_reach_across_two_fields(bench: TestBank) {
    let organization = named(&bench, &[("call-1", "one")]).await;
    for query in ["oneagent", "one agent", "avacall", "ava call"] {
        assert_eq!(found(&bench, &organization, query).await, Vec::<String>::new(), "{query}");
    }
    for query in ["one", "agent ava", "CALL-1"] {
        assert_eq!(found(&bench, &organization, query).await, ["call-1"], "{query}");
    }
}

async fn an_outline_says_where_each_page_begins(bench: TestBank) {
    let (organization, lines) = filled(&bench).await;
    let kinds = vec![UsageKind::AiTask.into(), TransactionKind::Refund];
    let span = (Some(NOW.plus_seconds(60)), Some(NOW.plus_seconds(6000)));
    for filter in [
        TransactionFilter::default(),
        TransactionFilter { kinds: kinds.clone(), ..TransactionFilter::default() },
        TransactionFilter { from: span.0, to: span.1, ..TransactionFilter::default() },
        TransactionFilter { kinds, query: Some("ava".to_owned()), ..TransactionFilter::default() },
        TransactionFilter { query: Some("nothing".to_owned()), ..TransactionFilter::default() },
    ] {
        for (last_seq, every) in [(240, 7), (240, 1), (240, 1000), (100, 7), (0, 7)] {
            let wanted: Vec<i64> = lines
                .iter()
                .filter(|line| passes(&filter, line) && line.line.seq <= last_seq)
                .map(|line| line.line.seq)
                .collect();
            let outline = whole_outline(&bench.store, &organization, &filter, (last_seq, every, 500)).await;
            let starts: Vec<i64> = wanted.iter().copied().step_by(usize::try_from(every).unwrap()).collect();
            assert_eq!((outline.starts, outline.truncated), (starts, false), "{filter:?}");
            assert_eq!(outline.count, i64::try_from(wanted.len()).unwrap(), "{filter:?} by {every}");
        }
    }
    let all = TransactionFilter::default();
    let short = whole_outline(&bench.store, &organization, &all, (240, 7, 3)).await;
    assert_eq!((short.starts, short.count, short.truncated), (vec![240, 233, 226], 21, true));
    let exact = whole_outline(&bench.store, &organization, &all, (21, 7, 3)).await;
    assert_eq!((exact.starts, exact.count, exact.truncated), (vec![21, 14, 7], 21, false));
}

async fn a_moment_leads_to_what_occurred_last_before_it(bench: TestBank) {
    let organization = bench.organization().await;
    let minute = |minute: i64| NOW.plus_seconds(minute * 60);
    let at = |number: i64, occurred: i64| NewLine {
        kind: if number % 3 == 0 { TransactionKind::AiTask } else { TransactionKind::OutboundCall },
        occurred_at: minute(occurred),
        ..usage_line(&format!("ref-{number}"), "0.01")
    };
    // One a minute, and after all of them some that were reported late; the first was made before all that followed.
    let mut lines = vec![NewLine { occurred_at: minute(1_000), ..usage_line("early", "0.01") }];
    lines.extend((0..240).map(|number| at(number, number)));
    lines.extend([at(300, 99), at(301, 99), at(303, 119), at(304, 238)]);
    bench.store.post(&organization, lines, NOW).await.unwrap();
    let found = async |kind: Option<TransactionKind>, until: i64| {
        let filter = TransactionFilter { kinds: kind.into_iter().collect(), ..TransactionFilter::default() };
        bench.store.newest_until(&organization, &filter, minute(until)).await.unwrap()
    };
    for (until, seq) in
        [(0, None), (1, Some(2)), (100, Some(101)), (120, Some(121)), (200, Some(201)), (239, Some(240))]
    {
        assert_eq!(found(None, until).await, seq, "until minute {until}");
    }
    // The task of minute 99 has seq 101.
    assert_eq!(found(Some(TransactionKind::AiTask), 101).await, Some(101));
    assert_eq!(found(Some(TransactionKind::AiTask), 120).await, Some(119), "117 is the last task in its place");
    assert_eq!(found(None, 2_000).await, Some(1), "nothing occurred after it");
}

async fn what_corrects_a_line_is_found(bench: TestBank) {
    let (organization, _) = filled(&bench).await;
    let other = bench.organization().await;
    for (organization, reference) in [(&organization, "fix-1"), (&organization, "fix-2"), (&other, "fix-3")] {
        bench.post(organization, NewLine { corrects: Some(3), ..usage_line(reference, "0.01") }).await;
    }
    assert_eq!(bench.store.corrections(&organization, 3).await.unwrap(), [241, 242]);
    assert_eq!(bench.store.corrections(&organization, 4).await.unwrap(), Vec::<i64>::new());
    let line = bench.store.line(&organization, 242).await.unwrap().unwrap();
    assert_eq!((line.line.reference.as_str(), line.line.corrects), ("fix-2", Some(3)));
    assert_eq!(bench.store.line(&other, 242).await.unwrap(), None);
}

async fn a_costly_read_is_broken_off_and_the_next_one_is_not(bench: TestBank) {
    let organization = bench.organization().await;
    for batch in 0..10 {
        let lines = (0..1_000).map(|number| usage_line(&format!("ref-{batch}-{number}"), "0.01")).collect();
        bench.store.post(&organization, lines, NOW).await.unwrap();
    }
    let filter = TransactionFilter { query: Some("nobody is called that".to_owned()), ..TransactionFilter::default() };
    let connections = ConnectionLimits { costly_read_time: Duration::from_millis(1), ..few(5) };
    let hasty = Store::connect_with(&bench.url, connections).await.unwrap();
    for _ in 0..3 {
        let from = OutlinePlace { last_seq: 10_000, counted: 9_000 };
        let found = hasty.costly().outline(&organization, &filter, from, 100, 100).await;
        assert!(matches!(found, Err(StoreError::TimedOut)), "{found:?}");
    }
    // The connection is as good as new, and others have no such limit.
    assert_eq!(
        hasty.costly().transactions(&organization, &TransactionFilter::default(), None, 1).await.unwrap().len(),
        1
    );
    for store in [&hasty, &bench.store.costly()] {
        assert_eq!(whole_outline(store, &organization, &filter, (10_000, 100, 100)).await.count, 0);
    }
    hasty.close().await;
}
