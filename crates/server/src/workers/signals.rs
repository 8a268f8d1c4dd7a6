//! Publishes to the other servers on the same PostgreSQL what has changed here, and this one's watchers what has
//! changed there.

use std::collections::BTreeSet;
use std::time::Duration;

use billing_domain::LeaseOwner;
use billing_store::{LONGEST_SIGNAL, Signal, Signals};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::events::{News, Topic};
use crate::state::AppState;

/// News of so long are published together: a hot wallet changes hundreds of times a second.
const GATHERING: Duration = Duration::from_millis(50);
/// After the database was out of reach.
const PAUSE: Duration = Duration::from_secs(1);

/// What one server publishes to the others.
#[derive(Serialize, Deserialize)]
struct Bulletin {
    /// Who: a server has woken its own watchers already.
    from: String,
    /// What has changed, each once.
    news: Vec<News>,
}

/// Runs until the server stops; ends at once where there is nobody to talk to.
pub(super) async fn exchange_signals(state: AppState, mut outgoing: UnboundedReceiver<News>) {
    // A name of its own for this process, by which it recognizes its own bulletins.
    let Ok(own) = state.new_id::<LeaseOwner>() else { return };
    tokio::select! {
        () = state.shutdown.cancelled() => {}
        () = send_news(&state, own.as_str(), &mut outgoing) => {}
        // It ends where there is no channel: then nobody gathers news in vain either.
        () = receive_news(&state, own.as_str()) => {}
    }
}

async fn send_news(state: &AppState, own: &str, outgoing: &mut UnboundedReceiver<News>) {
    while let Some(first) = outgoing.recv().await {
        // Gathered after the first one, so that a single change is not delayed by more than this.
        tokio::time::sleep(GATHERING).await;
        // A set: the same news twice is one.
        let mut news = BTreeSet::from([first]);
        while let Ok(next) = outgoing.try_recv() {
            news.insert(next);
        }
        for bulletin in split_bulletins(own, news) {
            if let Err(error) = state.store.signal(&bulletin).await {
                // The others look at what matters by themselves each second.
                tracing::warn!(%error, "the other servers were not told of a change");
            }
        }
    }
}

/// As few bulletins as fit.
fn split_bulletins(own: &str, news: BTreeSet<News>) -> Vec<String> {
    let mut words = Vec::new();
    let mut news: Vec<News> = news.into_iter().collect();
    while !news.is_empty() {
        let mut count = news.len();
        let word = loop {
            let word = Bulletin { from: own.to_owned(), news: news[..count].to_vec() };
            // An empty text means to the others that something, they do not know what, has changed.
            let text = serde_json::to_string(&word).unwrap_or_default();
            if text.len() <= LONGEST_SIGNAL || count == 1 {
                break text;
            }
            // Halved until it fits: few tries, and nearly as few bulletins as possible.
            count = count.div_ceil(2);
        };
        words.push(word);
        news.drain(..count);
    }
    words
}

async fn receive_news(state: &AppState, own: &str) {
    loop {
        match state.store.signals().await {
            Ok(None) => return,
            Ok(Some(mut signals)) => {
                // Nobody listened until now.
                state.events.publish_to_all(&Topic::Everything);
                receive_until_lost(state, own, &mut signals).await;
            }
            Err(error) => tracing::warn!(%error, "the other servers cannot be heard"),
        }
        // Not at once: a database that is away would be asked without end.
        tokio::time::sleep(PAUSE).await;
    }
}

/// Until the connection is lost for good.
async fn receive_until_lost(state: &AppState, own: &str, signals: &mut Signals) {
    loop {
        match signals.recv().await {
            Ok(Signal::Payload(text)) => match serde_json::from_str::<Bulletin>(&text) {
                // Published here already, before it was sent.
                Ok(word) if word.from == own => {}
                Ok(word) => {
                    for News { organization_id, topic } in word.news {
                        state.events.publish_here(&organization_id, topic);
                    }
                }
                // A newer server's bulletin: something has changed.
                Err(_) => state.events.publish_to_all(&Topic::Everything),
            },
            Ok(Signal::Missed) => state.events.publish_to_all(&Topic::Everything),
            Err(error) => return tracing::warn!(%error, "the other servers are not heard any more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_domain::{OrganizationId, TopUpId};

    #[test]
    fn many_news_are_split_into_bulletins_that_fit_and_none_is_lost() {
        let news: BTreeSet<News> = (0..500)
            .map(|number| News {
                organization_id: OrganizationId::from_trusted(format!("00000000-0000-7000-8000-{number:012}")),
                topic: Topic::TopUp(TopUpId::from_trusted(format!("00000000-0000-7000-9000-{number:012}"))),
            })
            .collect();
        let words = split_bulletins("me", news.clone());
        assert!(words.len() > 1 && words.iter().all(|word| word.len() <= LONGEST_SIGNAL));
        let told = words.iter().flat_map(|word| serde_json::from_str::<Bulletin>(word).unwrap().news);
        assert_eq!(told.collect::<BTreeSet<_>>(), news);
    }
}
