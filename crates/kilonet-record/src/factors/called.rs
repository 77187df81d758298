//! What one of the things that are counted of a workload is called, and how sentences about it are filled in.
//!
//! Must not know which workloads there are. The invariant: a sentence without a place to fill stays as it is.

use std::borrow::Cow;

/// What the requests of a workload are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called {
    /// One of them.
    pub one: &'static str,
    /// Some of them.
    pub many: &'static str,
    /// What has become of one that is over.
    pub over: &'static str,
}

impl Called {
    /// What they are called where nothing else is said, or several workloads call them differently.
    pub const REQUESTS: Self = Self {
        one: "request",
        many: "requests",
        over: "answered",
    };

    /// Those of a workload that makes and closes connections.
    pub const CONNECTIONS: Self = Self {
        one: "connection",
        many: "connections",
        over: "made and closed",
    };

    /// What all of them are called: by one word where they share it.
    #[must_use]
    pub fn shared(mut all: impl Iterator<Item = Self>) -> Self {
        let first = all.next().unwrap_or(Self::REQUESTS);
        if all.all(|other| other == first) {
            first
        } else {
            Self::REQUESTS
        }
    }

    /// A sentence with its words in place of `{request}`, `{requests}` (`{Requests}` at its beginning) and `{answered}`.
    #[must_use]
    pub fn fill(&self, text: &'static str) -> Cow<'static, str> {
        if !text.contains('{') {
            return Cow::Borrowed(text);
        }
        let (first, rest) = self.many.split_at(1);
        let text = text
            .replace("{request}", self.one)
            .replace("{requests}", self.many)
            .replace("{Requests}", &(first.to_uppercase() + rest))
            .replace("{answered}", self.over);
        Cow::Owned(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_about_what_is_counted() {
        let text = "{Requests} {answered}: a {request} of many {requests}";
        assert_eq!(
            Called::CONNECTIONS.fill(text),
            "Connections made and closed: a connection of many connections"
        );
        assert_eq!(Called::REQUESTS.fill("Set-up time"), "Set-up time");
    }

    #[test]
    fn several_words_are_one_only_where_they_are_the_same() {
        let (requests, connections) = (Called::REQUESTS, Called::CONNECTIONS);
        let shared = |all: &[Called]| Called::shared(all.iter().copied());
        assert_eq!(shared(&[connections, connections]), connections);
        assert_eq!(shared(&[connections, requests]), requests);
        assert_eq!(shared(&[]), requests);
    }
}
