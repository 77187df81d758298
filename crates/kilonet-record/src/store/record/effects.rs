//! Whether each factor's level took hold in a finished trial: one walk over the registry, whose entries judge.
//!
//! Must not know a factor. The invariant: a trial in which a level did not take hold is invalid, and says why.

use super::counter::Counter;
use super::line::Record;
use super::parts::Status;
use crate::factors::{Came, Effect, Evidence, Verdict, registry};

impl Record {
    /// Enters whether each level took hold, once all is known of a trial. Of one that failed nothing is said.
    pub fn judge_effects(&mut self) {
        if self.status == Status::Failed {
            return;
        }
        let evidence = self.evidence();
        let effects = registry::keys().filter_map(|key| key.facts().effect(&evidence));
        self.effects = effects.collect();
        let not_held = self
            .effects
            .iter()
            .filter(|it| it.verdict == Verdict::NotHeld);
        let sentences: Vec<_> = not_held.map(sentence).collect();
        if let Some(checks) = &mut self.checks {
            checks.valid &= sentences.is_empty();
        }
        self.warnings.extend(sentences);
    }

    /// Whether a level did not take hold.
    #[must_use]
    pub fn has_lost_level(&self) -> bool {
        let mut effects = self.effects.iter();
        effects.any(|effect| effect.verdict == Verdict::NotHeld)
    }

    /// Whether a trial may be a point of what is said of a factor, by the name of its field: not where its traffic could not show
    /// the level.
    #[must_use]
    pub fn exercises(&self, field: &str) -> bool {
        let key = registry::key_of(field);
        let idle = self
            .effects
            .iter()
            .filter(|it| it.verdict == Verdict::NotExercised);
        let mut idle = idle.map(|effect| effect.factor.as_str());
        !idle.any(|factor| key.is_some_and(|key| key.facts().name == factor))
    }

    /// What there is of it to judge by.
    fn evidence(&self) -> Evidence<'_> {
        let effective = self.effective.as_ref();
        let used = self.per_container.as_ref();
        let watched = self.watched.as_ref();
        Evidence {
            cell: &self.cell,
            window_ns: self.window.map(|window| window.duration_ns),
            congestion: effective.and_then(|it| it.congestion.as_deref()),
            buffer_bytes: [
                effective.and_then(|it| it.send_buffer_bytes),
                effective.and_then(|it| it.receive_buffer_bytes),
            ],
            zerocopy_copied: effective.and_then(|it| it.zerocopy_copied_ratio),
            mapped: effective.and_then(|it| it.mapped_ratio),
            batched: effective
                .and_then(|it| it.batch)
                .map_or([None; 2], |it| [it.per_send, it.per_receive]),
            most_cpu_ns: used.map(|it| it.cpu_ns.max),
            throttled: watched.and_then(|it| it.counts.of(Counter::ThrottledPeriods)),
            most_memory_bytes: used.and_then(|it| it.memory_peak_bytes).map(|it| it.max),
            came: self.came(),
            seen: self.seen.as_ref(),
        }
    }

    /// What its flows came to in the window.
    fn came(&self) -> Option<Came> {
        let (aggregate, flows) = (self.aggregate.as_ref()?, self.flows.as_ref()?);
        let window_s = self.window.as_ref()?.duration_ns as f64 / 1e9;
        let datagrams = flows.datagrams;
        let left_out = datagrams.map_or(0, |it| it.left_out_datagrams);
        let latency = self.latency.as_ref();
        Some(Came {
            flows: flows.connected.saturating_sub(flows.died),
            lost: flows.expected.saturating_sub(flows.connected) + flows.died,
            idle: flows.stalled,
            bytes_per_s: aggregate.goodput_bps / 8.0,
            by_interfaces: self.checks.and_then(|it| it.interface_bytes_ratio),
            requests_per_s: aggregate.transactions_per_s,
            datagrams_per_s: datagrams.map(|it| {
                [it.datagrams_sent, it.datagrams_received].map(|count| count as f64 / window_s)
            }),
            given_up: flows.lost_requests + left_out,
            request_ns: latency.map(|it| [it.mean_ns, it.max_ns as f64]),
            // What had not ended when the window closed was late by its age at least.
            latest_ns: self
                .lateness
                .map(|it| it.max_ns)
                .max(self.under_way.map(|it| it.oldest_ns)),
        })
    }
}

fn sentence(effect: &Effect) -> String {
    format!(
        "the level of `{}` did not take hold: {}",
        effect.factor, effect.reason
    )
}

#[cfg(test)]
mod tests;
